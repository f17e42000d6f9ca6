// Tables of results in the layouts of Q-VLM's paper: of what was evaluated here, question set by question set, and of files that `qvlm table` wrote.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <memory>
#include <optional>
#include <vector>

#include "app/studio/models/evaluation_results.h"
#include "app/studio/models/text_table_model.h"

namespace qvlm::studio {

/// The table of results that were asked the same, a row a model and place: its latest result that is compared with a model in full precision, else
/// its latest. Models in full precision stand first, each part by name. Comparisons with quantized models are left out: columns speak of float.
Table table_of_results(const std::vector<const KeptResult*>& results);

class EvaluationTables : public QObject {
  Q_OBJECT
 public:
  /// `results` outlives it.
  explicit EvaluationTables(EvaluationResults& results, QObject* parent = nullptr);

  struct Source {
    QString key, name, tip;
  };
  /// Question sets, the one that was asked last first, then opened files.
  const std::vector<Source>& sources() const { return sources_; }
  /// Of the source that is shown; -1 without any.
  int current() const;
  void choose(int source);

  static const std::vector<TableLayout>& layouts();
  static QString name_of(TableLayout layout);
  TableLayout layout() const { return layout_; }
  void set_layout(TableLayout layout);

  const std::optional<Table>& table() const { return table_; }
  /// The grids of the layout: as many captions as models of them.
  const QStringList& captions() const { return captions_; }
  TextTableModel* grid(int index) const { return grids_[static_cast<size_t>(index)].get(); }

  /// A table.json, or the folder that `qvlm table` wrote it into; read on another thread. It is shown then, or failed() says why not.
  void open(const QString& path);
  /// Whether the shown table is of results that are kept here, so that single rows can go.
  bool rows_can_go() const;
  /// Takes a row's results out of what is kept; -1: all of the table. A table that was opened is closed, its file stays.
  void remove(int row);
  QString text() const;
  QString sheet() const;  // tab-separated
  /// As text, JSON or page, by the ending: .txt, .json or .html. Throws Error naming the file.
  void save(const QString& file) const;

  /// Headings and captions that are translated; categories and settings are the user's.
  static QStringList known_texts();

 Q_SIGNALS:
  void sources_changed();
  void changed();
  void failed(const QString& message);

 private:
  void refill();
  void show();
  std::vector<const KeptResult*> of(const QString& asked) const;

  EvaluationResults& results_;
  std::vector<Source> sources_;
  std::vector<std::pair<QString, Table>> opened_;  // by path
  QString current_;                                // key
  QString awaited_;                                // key of a result that was kept and is not read yet: shown then
  TableLayout layout_ = TableLayout::ROWS;
  std::optional<Table> table_;
  QStringList captions_;
  std::vector<std::unique_ptr<TextTableModel>> grids_;
};

/// Whether `qvlm table` could have written it: a folder with table.json, or a file of this name.
bool looks_like_table(const QString& path);

}  // namespace qvlm::studio
