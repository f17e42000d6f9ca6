// Makes tiny NAME.qvlm folders of any grid, with a tokenizer, for the tests of exports.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "core/base/half.h"
#include "core/model/model.h"
#include "core/model/qvlm_folder.h"
#include "tests/model/tiny_checkpoint.h"

namespace tiny {

/// Any codes do for packing; scales have few significant bits, as the quantizer makes them where zero points are to fit
/// into Q4_1.
inline qvlm::QuantizedMatrix matrix_of(int64_t rows, int64_t columns, int bits, int64_t group, bool symmetric) {
  qvlm::QuantizedMatrix matrix{rows, columns, bits, group, symmetric, {}, {}, {}};
  uint64_t state = static_cast<uint64_t>(rows * 31 + columns);
  const auto next = [&](uint64_t bound) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (state >> 33) % bound;
  };
  for (int64_t i = 0; i < rows * columns; ++i) matrix.codes.push_back(static_cast<uint8_t>(next(uint64_t{1} << bits)));
  for (int64_t i = 0; i < rows * matrix.groups(); ++i) {
    matrix.scales.push_back(qvlm::to_half(static_cast<float>(64 + next(64)) / 4096.0f));
    matrix.zeros.push_back(static_cast<uint8_t>(symmetric ? 1 << (bits - 1) : next(uint64_t{1} << bits)));
  }
  return matrix;
}

inline bool is_linear_of(const std::string& name, const char* part) {
  return name.starts_with(part) && name.ends_with(".weight") &&
         (name.find(".mlp.") != name.npos || name.find(".attention.") != name.npos);
}

struct QvlmOptions {
  int bits = 4;
  int64_t group = 32;  // 0: a row
  bool symmetric = true;
  bool codebook = false;
  int rank = 0;        // of a residual
  int tower_bits = 0;  // 0: the tower stays float16; else on a symmetric grid with a scale a row
  bool transforms = false;
  bool tokenizer = true;
  Names names = Names::OLD;
  std::string other_linear = {};  // this one has `other_bits` instead; 16: float16
  int other_bits = 8;
};

/// tokenizer.json of kVocabulary pieces; the last one is <image>.
inline void write_tokenizer(const fs::path& folder) {
  json vocabulary = json::object(), added = json::array();
  for (int id = 0; id < kVocabulary - 1; ++id) vocabulary["t" + std::to_string(id)] = id;
  added.push_back({{"id", kVocabulary - 1}, {"content", "<image>"}, {"special", true}, {"lstrip", false}, {"rstrip", false}, {"normalized", false},
                   {"single_word", false}});
  write_text(folder / "tokenizer.json", json{{"version", "1.0"},
                                             {"added_tokens", added},
                                             {"normalizer", nullptr},
                                             {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}}},
                                             {"decoder", {{"type", "ByteLevel"}}},
                                             {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", json::array()}}}}
                                            .dump());
}

/// `target` with linears of the decoder all on one grid but for `other_linear`; `source` is a folder for the checkpoint that it is made of.
inline fs::path make_qvlm(const fs::path& source_folder, const fs::path& target, const QvlmOptions& options) {
  write(source_folder, options.names);
  if (options.tokenizer) write_tokenizer(source_folder);
  const auto source = qvlm::open_model(source_folder);
  fs::create_directories(target);
  qvlm::VlmConfig config = source->config();
  config.decoder.site_transforms = options.transforms;
  const std::vector<float> zeros(64 * 64);
  qvlm::QvlmWriter writer(target, {.config = config, .tokenizer = source->tokenizer(), .weight_method = "test"});
  for (const qvlm::ExpectedTensor& tensor : qvlm::expected_tensors(config)) {
    if (tensor.name.find(".transform.") != std::string::npos) {
      const auto count = size_t(tensor.shape[0] * tensor.shape[1]);
      writer.add(tensor.name, qvlm::TensorView{qvlm::DType::F32, tensor.shape, std::as_bytes(std::span(zeros).first(count)), tensor.name});
      continue;
    }
    if (!source->has(tensor.name)) continue;
    const bool other = tensor.name == options.other_linear, plain = other && options.other_bits == 16;
    if (is_linear_of(tensor.name, "decoder.") && !plain) {
      auto matrix = matrix_of(tensor.shape[0], tensor.shape[1], other ? options.other_bits : options.bits,
                              options.group > 0 ? options.group : tensor.shape[1], options.symmetric);
      if (options.codebook)
        for (int i = 0; i < 16; ++i) matrix.codebook.push_back(static_cast<float>(i) - 8);
      if (options.rank > 0)
        matrix.residual = {options.rank, std::vector<uint16_t>(size_t(options.rank * matrix.rows)),
                           std::vector<uint16_t>(size_t(options.rank * matrix.columns))};
      writer.add(tensor.name, matrix);
    } else if (options.tower_bits != 0 && is_linear_of(tensor.name, "vision.")) {
      writer.add(tensor.name, matrix_of(tensor.shape[0], tensor.shape[1], options.tower_bits, tensor.shape[1], true));
    } else {
      writer.add(tensor.name, source->load(tensor.name));
    }
  }
  writer.finish();
  return target;
}

}  // namespace tiny
