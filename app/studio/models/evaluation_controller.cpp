// Folds an evaluation's events into texts and counts.
#include "app/studio/models/evaluation_controller.h"

#include <QLocale>
#include <algorithm>

#include "app/studio/models/run_controller.h"
#include "app/studio/models/workbench.h"

namespace qvlm::studio {

namespace {

QString percent(double share) { return QLocale().toString(100 * share, 'f', 1); }

const Likelihood* text_likelihood(const std::optional<EvaluationFinished>& finished) {
  if (!finished) return nullptr;
  const auto found = finished->likelihood.find("text");
  return finished->overall.total > 0 || found == finished->likelihood.end() ? nullptr : &found->second;
}

}  // namespace

EvaluationController::EvaluationController(Workbench& workbench, QObject* parent)
    : QObject(parent),
      workbench_(workbench),
      child_(workbench.places().command),
      results_(workbench.places().data + QStringLiteral("/evaluations")),
      status_(tr("Ready")) {
  connect(&child_, &EvaluateChild::event, this, &EvaluationController::take);
  connect(&child_, &EvaluateChild::ended, this, [this](const QString& message) {
    stopping_ = false;
    if (!message.isEmpty()) {
      status_ = tr("Ended by an error; the answers so far stand");
      Q_EMIT failed(message);
    }
    Q_EMIT changed();
  });
}

void EvaluationController::start(const ChatModelChoice& model, const QString& against, const QString& questions, int limit) {
  request_ = {model, questions, limit, against, usual_backend(against)};
  questions_.clear();
  categories_.clear();
  finished_.reset();
  done_ = total_ = 0;
  asked_ = 0;
  stopping_ = false;
  status_ = tr("Opening the model");
  child_.start(request_);
  Q_EMIT changed();
}

void EvaluationController::stop() {
  stopping_ = true;
  child_.stop();
  Q_EMIT changed();
}

void EvaluationController::take(const EvaluationEvent& event) {
  if (const auto* started = std::get_if<EvaluationStarted>(&event)) {
    total_ = std::max(1, started->questions);
    status_ = tr("Asking on %1").arg(QString::fromStdString(started->info.device));
  } else if (const auto* answered = std::get_if<QuestionAnswered>(&event)) {
    questions_.append(*answered);
    asked_ += hash_of(*answered);
    const QString category = QString::fromStdString(answered->category);
    if (!categories_.contains(category)) categories_ << category;
    status_ = tr("Question %1 of %2").arg(++done_).arg(total_);
  } else if (std::holds_alternative<TextScored>(event)) {
    status_ = tr("Stretch %1 of %2 of the text").arg(++done_).arg(total_);
  } else if (const auto* finished = std::get_if<EvaluationFinished>(&event)) {
    finish(*finished);
  }
  Q_EMIT changed();
}

void EvaluationController::finish(const EvaluationFinished& finished) {
  finished_ = finished;
  total_ = std::max(1, done_);
  if (questions_.overall().total > 0) {
    workbench_.note_accuracy(request_.model.path,
                             tr("%1 % of %2 questions").arg(percent(questions_.overall().value())).arg(questions_.overall().total));
  }
  if (!finished.stopped && done_ > 0) results_.keep(request_, finished, asked_, done_);  // others were not asked the same
  status_ = tr("%1 in %2, on %3 at %4 bits a weight")
                .arg(finished.stopped ? tr("Stopped") : tr("Finished"), duration_text(finished.seconds), QString::fromStdString(finished.info.device))
                .arg(finished.info.weight_bits, 0, 'f', 2);
}

QString EvaluationController::result_text() const {
  if (const Likelihood* text = text_likelihood(finished_)) return QLocale().toString(text->perplexity(), 'f', 3);
  const Accuracy& all = questions_.overall();
  return all.total == 0 ? QStringLiteral("–") : tr("%1 %").arg(percent(all.value()));
}

QString EvaluationController::result_note() const {
  if (const Likelihood* text = text_likelihood(finished_)) return tr("Perplexity over %1 tokens").arg(QLocale().toString(qlonglong(text->tokens)));
  const Accuracy& all = questions_.overall();
  if (all.total == 0) return tr("No questions answered yet");
  QString note = tr("%1 of %2 right; 95 % interval %3 to %4 %").arg(all.right).arg(all.total).arg(percent(all.low), percent(all.high));
  if (finished_ && finished_->against_overall) {
    note += QLatin1Char('\n') + tr("The other model: %1 %; the same answer to %2 % of the questions")
                                    .arg(percent(finished_->against_overall->value()), percent(finished_->agreement));
  }
  return note;
}

}  // namespace qvlm::studio
