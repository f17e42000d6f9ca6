// Differences that tests/acceptance/mtmd_parity.py measures.
#include "core/export/llama_cpp_notes.h"

#include <algorithm>

#include "core/model/tokenizer_data.h"

namespace qvlm {

namespace {

// A blank stands in front of the text's first word only. llama.cpp reads each stretch of text between pictures as one that begins anew.
bool blank_at_the_start_alone(const TokenizerSource& source) {
  if (source.kind != TokenizerSource::Kind::TOKENIZER_JSON && source.kind != TokenizerSource::Kind::TOKENIZER_MODEL) return false;
  const TokenizerData data = read_tokenizer(source);
  if (data.kind == TokenizerData::Kind::SPM) return data.add_prefix_space && !data.legacy;
  return std::any_of(data.pre_tokenizers.begin(), data.pre_tokenizers.end(), [](const PreTokenizer& step) {
    return step.kind == PreTokenizer::Kind::METASPACE && step.prepend == PreTokenizer::Prepend::FIRST;
  });
}

}  // namespace

std::vector<std::string> llama_cpp_notes(const Model& model) {
  const VlmConfig& config = model.config();
  if (!config.vision) return {};
  std::vector<std::string> notes;
  if (config.preprocess.fit == PreprocessConfig::Fit::CENTER_CROP)
    notes.push_back(
        "pictures are cropped at the centre; llama.cpp pads them to a square instead, so answers about pictures that are not square differ there");
  if (config.vision->class_token)
    notes.push_back(
        "llama.cpp has put the tower's class token behind the patches since May 2025 (its issue 25814), where CLIP has it in front: in every version "
        "that has that not mended it sees pictures a patch off, and answers can differ");
  if (blank_at_the_start_alone(model.tokenizer()))
    notes.push_back(
        "llama.cpp puts a blank in front of the text behind a picture, which this model's tokenizer does not: that is one token more for each "
        "picture, so answers can differ there");
  return notes;
}

}  // namespace qvlm
