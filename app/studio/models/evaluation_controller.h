// One evaluation as the studio sees it: the child process, what its events say, and the result that is kept of it.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>

#include "app/studio/children/evaluate_child.h"
#include "app/studio/models/evaluation_results.h"
#include "app/studio/models/question_table_model.h"

namespace qvlm::studio {

class Workbench;

class EvaluationController : public QObject {
  Q_OBJECT
 public:
  /// `workbench` outlives the controller.
  explicit EvaluationController(Workbench& workbench, QObject* parent = nullptr);

  QuestionTableModel& questions() { return questions_; }
  EvaluationResults& results() { return results_; }
  bool running() const { return child_.running(); }
  bool stopping() const { return stopping_; }
  /// Another model is asked the same.
  bool compares() const { return !request_.against.isEmpty(); }
  /// Questions, or stretches of a text.
  int done() const { return done_; }
  int total() const { return total_; }  // 0 until the model is open
  /// "Question 3 of 100", "Finished in 41 s, on ...".
  const QString& status_text() const { return status_; }
  /// "84.0 %", the perplexity of a text, or a dash.
  QString result_text() const;
  /// What the result is over, and of a comparison what the other model reached.
  QString result_note() const;
  /// In the order in which they came.
  const QStringList& categories() const { return categories_; }

  /// Legal when nothing runs. A model in full precision that is compared with runs on the reference, a quantized one on the engine.
  void start(const ChatModelChoice& model, const QString& against, const QString& questions, int limit);
  /// After the current question; the answers so far stand.
  void stop();

 Q_SIGNALS:
  void changed();
  void failed(const QString& message);

 private:
  void take(const EvaluationEvent& event);
  void finish(const EvaluationFinished& finished);

  Workbench& workbench_;
  EvaluateChild child_;
  QuestionTableModel questions_;
  EvaluationResults results_;
  EvaluateRequest request_;
  std::optional<EvaluationFinished> finished_;
  QStringList categories_;
  QString status_;
  int done_ = 0, total_ = 0;
  quint64 asked_ = 0;  // sum of hash_of
  bool stopping_ = false;
};

}  // namespace qvlm::studio
