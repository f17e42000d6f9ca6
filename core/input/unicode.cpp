// UTF-8 by hand, properties and normal forms by ICU.
#include "core/input/unicode.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>

#include "core/base/error.h"

namespace qvlm {
namespace {

unsigned char byte_of(char c) { return static_cast<unsigned char>(c); }

/// Length of the well-formed character at `at`, or 0; then `bad` is the length of the maximal ill-formed subpart (at least 1), and `open`
/// says that the text ended while the character could still become well-formed.
struct Scan {
  size_t good = 0, bad = 1;
  bool open = false;
};

Scan scan(std::string_view text, size_t at) {
  const unsigned char lead = byte_of(text[at]);
  if (lead < 0x80) return {1, 0, false};
  if (lead < 0xC2 || lead > 0xF4) return {0, 1, false};
  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  for (size_t i = 1; i < length; ++i) {
    if (at + i >= text.size()) return {0, i, true};
    const unsigned char next = byte_of(text[at + i]);
    unsigned char low = 0x80, high = 0xBF;
    if (i == 1) {  // no overlong forms, no surrogates, nothing above U+10FFFF
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;
    }
    if (next < low || next > high) return {0, i, false};
  }
  return {length, 0, false};
}

uint32_t category_mask(char32_t character) { return U_GET_GC_MASK(static_cast<UChar32>(character)); }

}  // namespace

size_t utf8_length(char lead) {
  const unsigned char byte = byte_of(lead);
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

char32_t utf8_at(std::string_view text, size_t at, size_t* length) {
  const size_t n = utf8_length(text[at]);
  *length = n;
  if (n == 1 || at + n > text.size()) return byte_of(text[at]);
  char32_t character = byte_of(text[at]) & (0xFF >> (n + 1));
  for (size_t i = 1; i < n; ++i) character = character << 6 | (byte_of(text[at + i]) & 0x3F);
  return character;
}

void append_utf8(std::string& text, char32_t c) {
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xC0 | c >> 6);
    text += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    text += static_cast<char>(0xE0 | c >> 12);
    text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | c >> 18);
    text += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::string valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    const Scan found = scan(bytes, at);
    if (found.good) {
      text += bytes.substr(at, found.good);
      at += found.good;
    } else {
      text += "\xEF\xBF\xBD";
      at += found.bad;
    }
  }
  return text;
}

bool is_valid_utf8(std::string_view bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const Scan found = scan(bytes, at);
    if (!found.good) return false;
    at += found.good;
  }
  return true;
}

size_t complete_utf8_prefix(std::string_view bytes) {
  for (size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
    const size_t at = bytes.size() - back;
    if ((byte_of(bytes[at]) & 0xC0) == 0x80) continue;  // a continuation: look at what it continues
    const Scan found = scan(bytes, at);
    return found.open && at + found.bad == bytes.size() ? at : bytes.size();
  }
  return bytes.size();
}

bool is_white_space(char32_t character) { return u_isUWhiteSpace(static_cast<UChar32>(character)); }
bool is_numeric(char32_t character) { return category_mask(character) & U_GC_N_MASK; }
bool is_punctuation(char32_t character) {
  if (character < 0x80) return character > 0x20 && character < 0x7F && !u_isalnum(static_cast<UChar32>(character));
  return category_mask(character) & U_GC_P_MASK;
}
bool is_word_character(char32_t character) {
  return (category_mask(character) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_ND_MASK | U_GC_NL_MASK | U_GC_PC_MASK)) != 0 ||
         u_isUAlphabetic(static_cast<UChar32>(character));
}
bool is_mark(char32_t character) { return category_mask(character) & U_GC_M_MASK; }

std::string lower_case(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  size_t length = 0;
  for (size_t at = 0; at < text.size(); at += length) {
    const char32_t character = utf8_at(text, at, &length);
    if (character == 0x130) {  // the only letter whose lower case without context is two characters
      result += "i\xCC\x87";
    } else {
      append_utf8(result, static_cast<char32_t>(u_tolower(static_cast<UChar32>(character))));
    }
  }
  return result;
}

std::string to_normal_form(std::string_view text, NormalForm form) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = nullptr;
  switch (form) {
    case NormalForm::NFC: normalizer = icu::Normalizer2::getNFCInstance(status); break;
    case NormalForm::NFD: normalizer = icu::Normalizer2::getNFDInstance(status); break;
    case NormalForm::NFKC: normalizer = icu::Normalizer2::getNFKCInstance(status); break;
    case NormalForm::NFKD: normalizer = icu::Normalizer2::getNFKDInstance(status); break;
  }
  std::string result;
  icu::StringByteSink<std::string> sink(&result);
  if (U_SUCCESS(status)) {
    normalizer->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int32_t>(text.size())), sink, nullptr, status);
  }
  if (U_FAILURE(status)) throw Error(std::string("Unicode normalisation failed: ") + u_errorName(status));
  return result;
}

}  // namespace qvlm
