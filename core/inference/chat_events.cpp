// The lines of `qvlm chat --json` as text and back.
#include "core/inference/chat_events.h"

#include "core/inference/generator_fields.h"
#include "core/inference/struct_json.h"

namespace qvlm {

template <class V>
void fields(V& visit, ChatTurn& turn) {
  visit("role", turn.role);
  visit("text", turn.text);
  visit.optional("images", turn.images);
}

template <class V>
void fields(V& visit, Ask& ask) {
  visit("turns", ask.turns);
  visit.optional("sampling", ask.sampling);
  visit.optional("max_tokens", ask.max_tokens);
  visit.optional("alternatives", ask.alternatives);
  visit.optional("picture_fit", ask.picture_fit);
}

template <class V>
void fields(V& visit, ChatReady& event) {
  visit("info", event.info);
  visit("model", event.model);
  visit("takes_images", event.takes_images);
  visit("context_length", event.context_length);
  visit("load_seconds", event.load_seconds);
}

template <class V>
void fields(V& visit, SeenImage& image) {
  visit("path", image.path);
  visit("width", image.width);
  visit("height", image.height);
  visit("size", image.size);
  visit("fit", image.fit);
  visit("tokens", image.tokens);
}

template <class V>
void fields(V& visit, PromptReady& event) {
  visit("tokens", event.tokens);
  visit("reused_tokens", event.reused_tokens);
  visit("images", event.images);
}

template <class V>
void fields(V& visit, TokenChoice& choice) {
  visit("text", choice.text);
  visit("probability", choice.probability);
}

template <class V>
void fields(V& visit, TokenGenerated& event) {
  visit("id", event.id);
  visit("text", event.text);
  visit.optional("probability", event.probability);
  visit.optional("alternatives", event.alternatives);
}

template <class V>
void fields(V& visit, AnswerFinished& event) {
  visit("text", event.text);
  visit("reason", event.reason);
  visit("tokens", event.tokens);
  visit("first_token_seconds", event.first_token_seconds);
  visit("vision_seconds", event.vision_seconds);
  visit("prefill_tokens_per_second", event.prefill_tokens_per_second);
  visit("decode_tokens_per_second", event.decode_tokens_per_second);
  visit.optional("device_losses", event.device_losses);
  visit("info", event.info);
}

template <class V>
void fields(V& visit, ChatFailed& event) {
  visit("message", event.message);
}

namespace {

const char* name_of(const ChatReady&) {
  return "ChatReady";
}
const char* name_of(const PromptReady&) {
  return "PromptReady";
}
const char* name_of(const TokenGenerated&) {
  return "TokenGenerated";
}
const char* name_of(const AnswerFinished&) {
  return "AnswerFinished";
}
const char* name_of(const ChatFailed&) {
  return "ChatFailed";
}

template <class T>
T read(const nlohmann::json& json, const std::string& where) {
  T value;
  JsonReader::from_json_value(json, value, where);
  return value;
}

}  // namespace

std::string to_json_line(const ChatCommand& command) {
  nlohmann::ordered_json json;
  if (const auto* ask = std::get_if<Ask>(&command)) json["ask"] = JsonWriter::to_json_value(*ask);
  if (std::holds_alternative<StopAnswer>(command)) json["stop"] = true;
  if (std::holds_alternative<Quit>(command)) json["quit"] = true;
  return one_line(json);
}

ChatCommand chat_command_from_json_line(const std::string& line) {
  const nlohmann::json json = parse_line(line);
  if (json.contains("ask")) {
    Ask ask = read<Ask>(json.at("ask"), "ask");
    if (ask.turns.empty()) throw Error::in("", "ask.turns", "at least one turn", "none");
    if (ask.turns.back().role != "user")
      throw Error::in("", "ask.turns", "a last turn of role \"user\"", ask.turns.back().role);
    if (ask.max_tokens < 1) throw Error::in("", "ask.max_tokens", "at least 1", std::to_string(ask.max_tokens));
    if (ask.alternatives < 0 || ask.alternatives > kMostAlternatives)
      throw Error::in("", "ask.alternatives", "0 to " + std::to_string(kMostAlternatives), std::to_string(ask.alternatives));
    if (!ask.picture_fit.empty() && ask.picture_fit != "crop" && ask.picture_fit != "pad")
      throw Error::in("", "ask.picture_fit", "\"crop\" or \"pad\"", ask.picture_fit);
    validate(ask.sampling);
    return ask;
  }
  if (json.contains("stop")) return StopAnswer{};
  if (json.contains("quit")) return Quit{};
  throw Error::in("", "command", "\"ask\", \"stop\" or \"quit\"", line.substr(0, 120));
}

std::string to_json_line(const ChatEvent& event) {
  return std::visit([](const auto& value) { return event_line(name_of(value), value); }, event);
}

ChatEvent chat_event_from_json_line(const std::string& line) {
  const nlohmann::json json = parse_line(line);
  std::string event;
  JsonReader(json, "")("event", event);
  if (event == "ChatReady") return read<ChatReady>(json, "");
  if (event == "PromptReady") return read<PromptReady>(json, "");
  if (event == "TokenGenerated") return read<TokenGenerated>(json, "");
  if (event == "AnswerFinished") return read<AnswerFinished>(json, "");
  if (event == "ChatFailed") return read<ChatFailed>(json, "");
  throw Error::in("", "event", "an event of a chat", event);
}

}  // namespace qvlm
