// Results of evaluations, kept on disk so that models can be laid side by side later.
#pragma once

#include <QDateTime>
#include <QObject>
#include <QString>
#include <QStringList>
#include <vector>

#include "app/studio/children/evaluate_child.h"
#include "core/evaluation/table.h"

namespace qvlm::studio {

/// A model's result on a set of questions, as a file has it.
struct KeptResult {
  QString model;    // the path that was evaluated
  QString asked;    // of the questions' content: the same where the same was asked
  QString backend;  // "vulkan" or "reference"
  QDateTime at;     // UTC
  Table table;      // its one row, with the figures that its run had then
  QString file = {};  // where it is kept
};

std::string to_json(const KeptResult& result);
/// Throws Error naming file and field: a later version, what is absent or mistyped, a table of more or fewer rows than one.
KeptResult kept_result_from_json(const Json& json, const std::string& file);

/// What a question adds to `asked`: number, category, question, expected answer, names of the pictures. Added up, in whatever order they were
/// answered.
quint64 hash_of(const QuestionAnswered& question);

/// A table of one row: what ran, and for a run's folder its recipe and its report. Where these are there and cannot be read the row goes without, and
/// `problem` says why.
Table table_of(const EvaluateRequest& request, const EvaluationFinished& result, QString& problem);

/// The method of a recipe as a row names it: "RTN", "GPTQ, joint", "AWQ, joint, r1r2".
QString method_of(const Recipe& recipe);

class EvaluationResults : public QObject {
  Q_OBJECT
 public:
  /// `folder` need not exist.
  explicit EvaluationResults(QString folder, QObject* parent = nullptr);

  /// Latest first.
  const std::vector<KeptResult>& results() const { return results_; }
  /// Files that were passed over: FILE: why.
  const QStringList& problems() const { return problems_; }
  /// Reads the folder again, on another thread.
  void refresh();
  /// Writes a result, on another thread; an earlier one of the same model, place and questions, compared with the same, gives way. `asked`: the sum
  /// of hash_of over the `count` questions; of a text, whose content is hashed here, 0.
  void keep(const EvaluateRequest& request, const EvaluationFinished& finished, quint64 asked, int count);
  /// Puts results' files aside, on another thread. `what` they are called. Those that were put aside before are deleted.
  void remove(const QStringList& files, const QString& what);
  /// Brings back what the last remove() put aside.
  void undo_remove();

 Q_SIGNALS:
  void changed();
  void kept(const QString& asked);
  void removed(const QString& what);
  void failed(const QString& message);

 private:
  void take(std::vector<KeptResult> results, const QStringList& problems);
  /// Renames files, `from` and `to` their endings, then reads the folder again.
  void rename(const QStringList& files, const QString& from, const QString& to, const QString& what);

  QString folder_;
  std::vector<KeptResult> results_;
  QStringList problems_;
  QStringList aside_;  // without their ending
  bool reading_ = false, again_ = false, tidy_ = false;
};

}  // namespace qvlm::studio
