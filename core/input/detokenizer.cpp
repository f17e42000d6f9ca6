// The decoder steps, over a list of pieces (decode) and over one piece (streaming).
#include "core/input/detokenizer.h"

#include <algorithm>

#include "core/input/byte_pair_encoder.h"
#include "core/input/normalizer_chain.h"
#include "core/input/pre_tokenizer_chain.h"
#include "core/input/unicode.h"

namespace qvlm {
namespace {

using Kind = DecoderStep::Kind;

constexpr std::string_view kMetaspace = "\xE2\x96\x81";        // U+2581
constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// SentencePiece's own way back, in the same words.
std::vector<DecoderStep> steps_of(const TokenizerData& data) {
  if (data.kind == TokenizerData::Kind::BPE || !data.decoders.empty()) return data.decoders;
  std::vector<DecoderStep> steps{{Kind::REPLACE, std::string(kMetaspace), " "}, {Kind::BYTE_FALLBACK}, {Kind::FUSE}};
  if (data.add_prefix_space) {
    DecoderStep strip{Kind::STRIP};
    strip.content = " ";
    strip.start = 1;
    steps.push_back(strip);
  }
  return steps;
}

std::string strip(std::string text, const DecoderStep& step) {
  for (int i = 0; i < step.start && !step.content.empty() && text.starts_with(step.content); ++i) text.erase(0, step.content.size());
  for (int i = 0; i < step.stop && !step.content.empty() && text.ends_with(step.content); ++i) text.resize(text.size() - step.content.size());
  return text;
}

/// GPT-2's alphabet back to bytes; a piece with a character outside it (an added token) stands for itself.
std::string bytes_of_spelling(std::string_view piece) {
  std::string bytes;
  size_t length = 0;
  for (size_t at = 0; at < piece.size(); at += length) {
    const int byte = byte_of_character(utf8_at(piece, at, &length));
    if (byte < 0) return std::string(piece);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

std::string metaspace(std::string_view piece, const DecoderStep& step, bool first) {
  const bool dropped = first && step.prepend != PreTokenizer::Prepend::NEVER;
  return replace_all(piece, step.replacement, dropped ? "" : " ");
}

/// Runs of byte pieces become their text, or one U+FFFD a byte where they are none.
std::vector<std::string> join_bytes(const std::vector<std::string>& pieces) {
  std::vector<std::string> result;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    if (is_valid_utf8(bytes)) {
      result.push_back(bytes);
    } else {
      for (size_t i = 0; i < bytes.size(); ++i) result.emplace_back(kReplacementCharacter);
    }
    bytes.clear();
  };
  for (const std::string& piece : pieces) {
    if (const int byte = byte_of_piece(piece); byte >= 0) {
      bytes += static_cast<char>(byte);
    } else {
      flush();
      result.push_back(piece);
    }
  }
  flush();
  return result;
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  return text;
}

}  // namespace

std::string text_of_pieces(const TokenizerData& data, std::vector<std::string> pieces) {
  const auto steps = steps_of(data);
  if (steps.empty()) {  // no decoder: Hugging Face puts spaces between
    std::string text;
    for (const std::string& piece : pieces) text += (text.empty() ? "" : " ") + piece;
    return text;
  }
  for (const DecoderStep& step : steps) {
    switch (step.kind) {
      case Kind::REPLACE:
        for (std::string& piece : pieces) piece = replace_all(piece, step.pattern, step.content);
        break;
      case Kind::STRIP:
        for (std::string& piece : pieces) piece = strip(std::move(piece), step);
        break;
      case Kind::METASPACE:
        for (size_t i = 0; i < pieces.size(); ++i) pieces[i] = metaspace(pieces[i], step, i == 0);
        break;
      case Kind::BYTE_FALLBACK: pieces = join_bytes(pieces); break;
      case Kind::FUSE: pieces = {joined(pieces)}; break;
      case Kind::BYTE_LEVEL:
        for (std::string& piece : pieces) piece = bytes_of_spelling(piece);
        pieces = {valid_utf8(joined(pieces))};
        break;
    }
  }
  return joined(pieces);
}

std::string bytes_of_piece(const TokenizerData& data, std::string_view piece, bool first) {
  const auto steps = steps_of(data);
  std::string text(piece);
  if (steps.empty()) return first ? text : " " + text;
  bool fused = false;
  for (const DecoderStep& step : steps) {
    switch (step.kind) {
      case Kind::REPLACE: text = replace_all(text, step.pattern, step.content); break;
      case Kind::METASPACE: text = metaspace(text, step, first); break;
      case Kind::BYTE_FALLBACK:
        if (const int byte = byte_of_piece(text); byte >= 0) text = std::string(1, static_cast<char>(byte));
        break;
      case Kind::BYTE_LEVEL: text = bytes_of_spelling(text); break;
      case Kind::FUSE: fused = true; break;
      case Kind::STRIP:  // behind a Fuse it concerns the text's ends; the far end is not known yet
        if (!fused || first) text = strip(std::move(text), fused ? DecoderStep{step.kind, step.pattern, step.content, step.start, 0} : step);
        break;
    }
  }
  return text;
}

}  // namespace qvlm
