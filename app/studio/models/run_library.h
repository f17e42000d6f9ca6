// Every run that this machine keeps, finished or not, read from its journal.
#pragma once

#include <QAbstractTableModel>
#include <QDateTime>
#include <QString>
#include <QStringList>
#include <memory>
#include <vector>

#include "core/run/run_state.h"

namespace qvlm::studio {

class Workbench;

struct RunEntry {
  QString folder;  // NAME.qvlm or NAME.qvlm.partial
  QString name;
  QDateTime changed;  // the journal's
  /// What the journal says; histograms and single samples are left out. Null where it could not be read.
  std::shared_ptr<const RunState> state;
  QString failure;  // why it could not be read
  bool unfinished() const { return folder.endsWith(QLatin1String(".partial")); }
};

/// Means over the blocks that were searched; NaN where there is none.
double mean_error(const RunState& state, bool joint);
/// "W4 g32 RTN, A16, joint"
QString recipe_text(const Recipe& recipe);

/// Latest first. Journals are read on another thread; one that did not change is not read again.
class RunLibrary : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { NAME, STATUS, RECIPE, ERROR, BITS, SIZE, SECONDS, CHANGED, COLUMNS };
  explicit RunLibrary(Workbench& workbench, QObject* parent = nullptr);

  /// Looks again at the studio's folder of runs and at every quantized model that was opened.
  void refresh();
  bool reading() const { return reading_; }
  const RunEntry& at(int row) const { return runs_.at(static_cast<size_t>(row)); }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 Q_SIGNALS:
  void refreshed();

 private:
  QStringList folders() const;
  void take(std::vector<RunEntry> runs);

  Workbench& workbench_;
  std::vector<RunEntry> runs_;
  bool reading_ = false, again_ = false;
};

/// The figures of a few runs beside each other: a row a figure, a column a run. Keys of the recipe in which the runs differ are rows, too.
class RunFigures : public QAbstractTableModel {
  Q_OBJECT
 public:
  explicit RunFigures(Workbench& workbench, QObject* parent = nullptr);
  void show(std::vector<RunEntry> runs);
  /// Tab-separated, with the names of the runs: for a sheet.
  QString table() const;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  struct Figure {
    QString name;
    QStringList values;  // one a run
    int best = -1;       // the run with the best value, where one is better
  };
  void add_recipe_differences();

  Workbench& workbench_;
  std::vector<RunEntry> runs_;
  std::vector<Figure> figures_;
};

}  // namespace qvlm::studio
