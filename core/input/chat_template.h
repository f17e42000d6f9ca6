// The chat templates that are known, recognised by their text and rendered without interpreting it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qvlm {

enum class Role { SYSTEM, USER, ASSISTANT };

/// "system", "user", "assistant". role_from throws Error for anything else.
std::string_view name_of(Role role);
Role role_from(std::string_view name);

/// One turn of a dialogue. Its pictures come before its text.
struct Message {
  Role role = Role::USER;
  std::string text;
  int images = 0;
};

/// How a dialogue is written. `system` stands in for a system message where the dialogue has none; empty: none.
struct ChatTemplate {
  enum class Kind {
    PLAIN,      // "<image>\n" and the texts as they are, one line each: for models that were not tuned for dialogue
    LLAVA,      // "USER: <image>\nQ ASSISTANT: A</s>USER: Q ASSISTANT:"
    LLAVA_HF,   // the same with a space in place of </s>, as llava-hf's template has it
    VICUNA,     // Vicuna's system prompt, then as LLAVA (original LLaVA's "vicuna_v1")
    CHATML,     // "<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n"
    LLAMA_2,    // "[INST] <<SYS>>\nS\n<</SYS>>\n\nQ [/INST] A </s><s>[INST] ..."
    LLAMA_3     // "<|start_header_id|>user<|end_header_id|>\n\nQ<|eot_id|>..."
  } kind = Kind::PLAIN;
  std::string system;
  std::string end;            // what stands behind an answer, where the template's text spells it; empty: the tokenizer's end token
  bool writes_begin = false;  // the begin token is part of the template, whatever the tokenizer adds
  bool operator==(const ChatTemplate&) const = default;
};

/// From a checkpoint's template (Jinja text), or one of the names in template_names(). Throws Error that names --template: no template at all,
/// or one that is not in the table.
ChatTemplate recognise_template(std::string_view text);

/// What --template takes: "plain", "llava", "llava-hf", "vicuna", "chatml", "llama-2", "llama-3".
std::vector<std::string_view> template_names();

/// True for the kinds that put the end token behind an answer.
bool writes_end(const ChatTemplate& chat_template);

/// Where a picture goes.
inline constexpr std::string_view kImagePlaceholder = "<image>";

/// The dialogue as text, without the begin token in front, with kImagePlaceholder for each picture, and (`generate`) with the start of the
/// assistant's next turn. `begin` and `end` are the pieces of these tokens, for templates that write them.
std::string render(const ChatTemplate& chat_template, std::span<const Message> messages, std::string_view begin, std::string_view end, bool generate);

}  // namespace qvlm
