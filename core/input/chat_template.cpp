// The table of templates: how each is recognised, and how it is written.
#include "core/input/chat_template.h"

#include <algorithm>
#include <array>

#include "core/base/error.h"

namespace qvlm {
namespace {

using Kind = ChatTemplate::Kind;

// FastChat's conversation "vicuna_v1.1", which the original LLaVA uses.
constexpr std::string_view kVicunaSystem =
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to "
    "the user's questions.";

struct Known {
  std::string_view name;
  Kind kind;
  std::string_view system;
  std::vector<std::string_view> holds;  // a template of this kind has all of these
  std::vector<std::string_view> lacks;  // and none of these: they would make it write something else
};

const std::vector<Known>& known_templates() {
  static const std::vector<Known> table{
      {"plain", Kind::PLAIN, "", {}, {}},
      {"llava", Kind::LLAVA, "", {"'ASSISTANT:", ".upper() + ': '", "</s>"}, {"A chat between"}},
      {"llava", Kind::LLAVA, "", {"'ASSISTANT:", ".upper() + ': '", "eos_token"}, {"A chat between"}},
      {"llava-hf", Kind::LLAVA_HF, "", {"'ASSISTANT:", ".upper() + ': '"}, {"A chat between", "</s>", "eos_token"}},
      {"vicuna", Kind::VICUNA, kVicunaSystem, {"USER: ", "ASSISTANT:", "A chat between a curious user and an artificial intelligence assistant."}, {}},
      {"chatml", Kind::CHATML, "", {"<|im_start|>", "<|im_end|>"}, {"<think>", "enable_thinking", "reasoning"}},
      {"llama-2", Kind::LLAMA_2, "", {"[INST]", "[/INST]", "<<SYS>>"}, {}},
      {"llama-3", Kind::LLAMA_3, "", {"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"}, {"Cutting Knowledge", "tools_in_user_message"}},
  };
  return table;
}

std::string names_for_message() {
  std::string text;
  for (const std::string_view name : template_names()) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

/// ChatML templates often carry the system message that stands in where a dialogue has none, as a literal.
std::string literal_chatml_system(std::string_view text) {
  for (const std::string_view line_end : {std::string_view("\\n"), std::string_view("\n")}) {
    const std::string start = "<|im_start|>system" + std::string(line_end);
    for (size_t at = text.find(start); at != std::string_view::npos; at = text.find(start, at + 1)) {
      const size_t begin = at + start.size(), end = text.find("<|im_end|>", begin);
      if (end == std::string_view::npos) break;
      const std::string_view literal = text.substr(begin, end - begin);
      if (!literal.empty() && literal.find_first_of("'\"{}+\\\n") == std::string_view::npos) return std::string(literal);
    }
  }
  return {};
}

std::string trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

/// The pictures of a turn, then its text.
std::string content_of(const Message& message) {
  std::string text;
  for (int i = 0; i < message.images; ++i) text += std::string(kImagePlaceholder) + "\n";
  return text + message.text;
}

/// USER: ... ASSISTANT: ...; an answer is followed by `after_answer`.
std::string render_vicuna(std::span<const Message> messages, std::string_view after_answer, bool generate) {
  std::string text;
  for (const Message& message : messages) {
    switch (message.role) {
      case Role::SYSTEM: text += message.text + " "; break;
      case Role::USER: text += "USER: " + content_of(message) + " "; break;
      case Role::ASSISTANT: text += "ASSISTANT: " + content_of(message) + std::string(after_answer); break;
    }
  }
  return text + (generate ? "ASSISTANT:" : "");
}

std::string render_chatml(std::span<const Message> messages, bool generate) {
  std::string text;
  for (const Message& message : messages) text += "<|im_start|>" + std::string(name_of(message.role)) + "\n" + content_of(message) + "<|im_end|>\n";
  return text + (generate ? "<|im_start|>assistant\n" : "");
}

std::string render_llama_3(std::span<const Message> messages, bool generate) {
  const auto header = [](std::string_view role) { return "<|start_header_id|>" + std::string(role) + "<|end_header_id|>\n\n"; };
  std::string text;
  for (const Message& message : messages) text += header(name_of(message.role)) + trimmed(content_of(message)) + "<|eot_id|>";
  return text + (generate ? header("assistant") : "");
}

std::string render_llama_2(std::span<const Message> messages, std::string_view begin, std::string_view end) {
  std::string text, system;
  bool first = true;
  for (const Message& message : messages) {
    switch (message.role) {
      case Role::SYSTEM: system = "<<SYS>>\n" + message.text + "\n<</SYS>>\n\n"; break;
      case Role::USER:
        text += (first ? "" : std::string(begin)) + "[INST] " + trimmed(system + content_of(message)) + " [/INST]";
        system.clear();
        first = false;
        break;
      case Role::ASSISTANT: text += " " + trimmed(content_of(message)) + " " + std::string(end); break;
    }
  }
  return text;
}

std::string render_plain(std::span<const Message> messages) {
  std::string text;
  for (const Message& message : messages) text += (text.empty() ? "" : "\n") + content_of(message);
  return text;
}

}  // namespace

std::string_view name_of(Role role) {
  switch (role) {
    case Role::SYSTEM: return "system";
    case Role::USER: return "user";
    case Role::ASSISTANT: return "assistant";
  }
  return "";
}

Role role_from(std::string_view name) {
  for (const Role role : {Role::SYSTEM, Role::USER, Role::ASSISTANT}) {
    if (name == name_of(role)) return role;
  }
  throw Error::in("", "role", "\"system\", \"user\" or \"assistant\"", "\"" + std::string(name) + "\"");
}

std::vector<std::string_view> template_names() {
  std::vector<std::string_view> names;
  for (const Known& known : known_templates()) {
    if (names.empty() || names.back() != known.name) names.push_back(known.name);
  }
  return names;
}

ChatTemplate recognise_template(std::string_view text) {
  if (text.empty()) throw Error("the model has no chat template; choose one with --template (" + names_for_message() + ")");
  const auto has = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
  for (const Known& known : known_templates()) {
    const bool by_name = text == known.name;
    const bool by_text = !known.holds.empty() && std::all_of(known.holds.begin(), known.holds.end(), has) &&
                         std::none_of(known.lacks.begin(), known.lacks.end(), has);
    if (!by_name && !by_text) continue;
    ChatTemplate result{known.kind, std::string(known.system), "", by_text && (has("bos_token") || has("<|begin_of_text|>"))};
    if (by_text && writes_end(result) && has("</s>")) result.end = "</s>";
    if (by_text && known.kind == Kind::CHATML) result.system = literal_chatml_system(text);
    return result;
  }
  std::string start(text.substr(0, 60));
  std::replace(start.begin(), start.end(), '\n', ' ');
  throw Error("the model's chat template is not one of the known ones; choose one with --template (" + names_for_message() + "); it begins: " + start);
}

bool writes_end(const ChatTemplate& chat_template) {
  return chat_template.kind == Kind::LLAVA || chat_template.kind == Kind::VICUNA || chat_template.kind == Kind::LLAMA_2;
}

std::string render(const ChatTemplate& chat_template, std::span<const Message> messages, std::string_view begin, std::string_view end, bool generate) {
  if (!chat_template.end.empty()) end = chat_template.end;
  std::vector<Message> turns(messages.begin(), messages.end());
  if (!chat_template.system.empty() && (turns.empty() || turns.front().role != Role::SYSTEM)) {
    turns.insert(turns.begin(), {Role::SYSTEM, chat_template.system, 0});
  }
  switch (chat_template.kind) {
    case Kind::PLAIN: return render_plain(turns);
    case Kind::LLAVA:
    case Kind::VICUNA: return render_vicuna(turns, end, generate);
    case Kind::LLAVA_HF: return render_vicuna(turns, " ", generate);
    case Kind::CHATML: return render_chatml(turns, generate);
    case Kind::LLAMA_2: return render_llama_2(turns, begin, end);
    case Kind::LLAMA_3: return render_llama_3(turns, generate);
  }
  return {};
}

}  // namespace qvlm
