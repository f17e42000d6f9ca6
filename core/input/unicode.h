// UTF-8 and the few Unicode questions that tokenizers ask.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qvlm {

/// Bytes of the character that starts with `lead` (1-4); 1 for a byte that starts none.
size_t utf8_length(char lead);

/// The character at text[at], which must be valid UTF-8, and its length in bytes.
char32_t utf8_at(std::string_view text, size_t at, size_t* length);

void append_utf8(std::string& text, char32_t character);

/// The text with each ill-formed sequence (maximal subpart, Unicode 3.9) replaced by U+FFFD, as Python's errors="replace" and Rust's
/// from_utf8_lossy do. Valid text comes back unchanged.
std::string valid_utf8(std::string_view bytes);

/// True if `bytes` is well-formed UTF-8.
bool is_valid_utf8(std::string_view bytes);

/// Length of the longest prefix that does not end inside a character: what may be shown while more bytes are still to come.
size_t complete_utf8_prefix(std::string_view bytes);

/// Unicode's White_Space property (Rust's char::is_whitespace).
bool is_white_space(char32_t character);
/// General categories Nd, Nl, No (Rust's char::is_numeric).
bool is_numeric(char32_t character);
/// ASCII punctuation or a general category P* (Hugging Face's Punctuation).
bool is_punctuation(char32_t character);
/// What \w matches: letters, marks, decimal and letter numbers, connector punctuation.
bool is_word_character(char32_t character);
/// General categories M*.
bool is_mark(char32_t character);

/// Each character's own lower case, without context (Rust's char::to_lowercase).
std::string lower_case(std::string_view text);

enum class NormalForm { NFC, NFD, NFKC, NFKD };
std::string to_normal_form(std::string_view text, NormalForm form);

}  // namespace qvlm
