// The lines of `qvlm evaluate --json` as text and back.
#include "core/evaluation/evaluation_events.h"

#include "core/inference/generator_fields.h"
#include "core/inference/struct_json.h"

namespace qvlm {

template <class V>
void fields(V& visit, Accuracy& accuracy) {
  visit("right", accuracy.right);
  visit("total", accuracy.total);
  visit("low", accuracy.low);
  visit("high", accuracy.high);
  visit.optional("soft", accuracy.soft);
}

template <class V>
void fields(V& visit, Likelihood& likelihood) {
  visit("tokens", likelihood.tokens);
  visit("nll", likelihood.nll);
  double perplexity = likelihood.perplexity();  // for readers of the line; read back from nll
  visit.optional("perplexity", perplexity);
}

template <class V>
void fields(V& visit, Divergence& divergence) {
  visit("tokens", divergence.tokens);
  visit("kl", divergence.kl);
  visit("top1", divergence.top1);
}

template <class V>
void fields(V& visit, McNemar& test) {
  visit("only_this", test.only_this);
  visit("only_against", test.only_against);
  visit("p_value", test.p_value);
}

template <class V>
void fields(V& visit, EvaluationStarted& event) {
  visit("model", event.model);
  visit("questions_path", event.questions_path);
  visit("questions", event.questions);
  visit("info", event.info);
}

template <class V>
void fields(V& visit, QuestionAnswered& event) {
  visit("index", event.index);
  visit("id", event.id);
  visit("category", event.category);
  visit("question", event.question);
  visit("expected", event.expected);
  visit("answer", event.answer);
  visit("images", event.images);
  visit.optional("context", event.context);
  visit.optional("tokens", event.tokens);
  visit("right", event.right);
  visit.optional("novel", event.novel);
  visit.optional("soft", event.soft);
  visit.optional("expected_tokens", event.expected_tokens);
  visit.optional("expected_nll", event.expected_nll);
  visit.optional("kl", event.kl);
  visit.optional("compared_tokens", event.compared_tokens);
  visit.optional("same_top", event.same_top);
  visit.optional("agrees", event.agrees);
  visit.optional("against_right", event.against_right);
}

template <class V>
void fields(V& visit, TextScored& event) {
  visit("index", event.index);
  visit("tokens", event.tokens);
  visit("nll", event.nll);
  visit.optional("kl", event.kl);
  visit.optional("same_top", event.same_top);
}

template <class V>
void fields(V& visit, EvaluationFinished& event) {
  visit("overall", event.overall);
  visit.optional("novel", event.novel);
  visit("categories", event.categories);
  visit.optional("likelihood", event.likelihood);
  visit.optional("unscored", event.unscored);
  visit.optional("against", event.against);
  visit.optional("mean_kl", event.mean_kl);
  visit.optional("agreement", event.agreement);
  visit.optional("divergence", event.divergence);
  visit.optional("against_likelihood", event.against_likelihood);
  visit.optional("against_overall", event.against_overall);
  visit.optional("mcnemar", event.mcnemar);
  visit("seconds", event.seconds);
  visit.optional("stopped", event.stopped);
  visit.optional("blank_images", event.blank_images);
  visit("info", event.info);
}

template <class V>
void fields(V& visit, EvaluationFailed& event) {
  visit("message", event.message);
}

namespace {

const char* name_of(const EvaluationStarted&) {
  return "EvaluationStarted";
}
const char* name_of(const QuestionAnswered&) {
  return "QuestionAnswered";
}
const char* name_of(const TextScored&) {
  return "TextScored";
}
const char* name_of(const EvaluationFinished&) {
  return "EvaluationFinished";
}
const char* name_of(const EvaluationFailed&) {
  return "EvaluationFailed";
}

template <class T>
T read(const nlohmann::json& json) {
  T value;
  JsonReader::from_json_value(json, value, "");
  return value;
}

}  // namespace

std::string to_json_line(const EvaluationEvent& event) {
  return std::visit([](const auto& value) { return event_line(name_of(value), value); }, event);
}

EvaluationEvent evaluation_event_from_json_line(const std::string& line) {
  const nlohmann::json json = parse_line(line);
  std::string event;
  JsonReader(json, "")("event", event);
  if (event == "EvaluationStarted") return read<EvaluationStarted>(json);
  if (event == "QuestionAnswered") return read<QuestionAnswered>(json);
  if (event == "TextScored") return read<TextScored>(json);
  if (event == "EvaluationFinished") return read<EvaluationFinished>(json);
  if (event == "EvaluationFailed") return read<EvaluationFailed>(json);
  throw Error::in("", "event", "an event of an evaluation", event);
}

}  // namespace qvlm
