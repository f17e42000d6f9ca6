// AWQ, as AutoAWQ's GEMM version stores it (algorithms.md 4.2).
#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/export/packed_format.h"
#include "core/export/packed_words.h"

namespace qvlm {

namespace {

constexpr int kBits = 4;
constexpr int kPerWord = 8;
constexpr std::array<int64_t, kPerWord> kOrder{0, 2, 4, 6, 1, 3, 5, 7};  // output 8 c + kOrder[i] stands in nibble i of word c

class AwqFormat : public PackedFormat {
 public:
  std::vector<TensorToStream> layout(int64_t rows, int64_t columns, const StoredGrid& grid) const override {
    const int64_t groups = grid.group > 0 ? columns / grid.group : 1;
    return {{"qweight", DType::I32, {columns, rows / kPerWord}},
            {"qzeros", DType::I32, {groups, rows / kPerWord}},
            {"scales", DType::F16, {groups, rows}}};
  }

  PackedTensors pack(const QuantizedMatrix& matrix, const StoredGrid&) const override {
    const int64_t words = matrix.rows / kPerWord, groups = matrix.groups();
    const auto row_of = [](int64_t word, int slot) { return word * kPerWord + kOrder[static_cast<size_t>(slot)]; };
    std::vector<uint16_t> scales;
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t row = 0; row < matrix.rows; ++row) scales.push_back(matrix.scales[static_cast<size_t>(row * groups + g)]);
    return {bytes_of(pack_words(matrix.columns, words, kBits,
                                [&](int64_t column, int64_t word, int slot) {
                                  return matrix.codes[static_cast<size_t>(row_of(word, slot) * matrix.columns + column)];
                                })),
            bytes_of(pack_words(groups, words, kBits,
                                [&](int64_t g, int64_t word, int slot) {
                                  return matrix.zeros[static_cast<size_t>(row_of(word, slot) * groups + g)];
                                })),
            bytes_of(scales)};
  }

  void unpack(const PackedTensorOf& tensor, const StoredGrid&, QuantizedMatrix& matrix) const override {
    const int64_t groups = matrix.groups();
    const auto at = [](int64_t word, int slot, int64_t width, int64_t column) {
      return static_cast<size_t>((word * kPerWord + kOrder[static_cast<size_t>(slot)]) * width + column);
    };
    unpack_words(tensor("qweight"), kBits,
                 [&](int64_t column, int64_t word, int slot, uint8_t code) { matrix.codes[at(word, slot, matrix.columns, column)] = code; });
    unpack_words(tensor("qzeros"), kBits, [&](int64_t g, int64_t word, int slot, uint8_t zero) { matrix.zeros[at(word, slot, groups, g)] = zero; });
    read_transposed(tensor("scales"), matrix.scales);
  }

  Json quantization_config(const Model& model, const ExportPlan& plan) const override {
    int64_t group = -1;
    Json skipped = Json::array({"lm_head"});
    if (model.config().vision)
      for (const char* part : {"vision_tower", "multi_modal_projector"})  // transformers looks at the beginning of a module's name, vLLM anywhere
        skipped.push_back(part), skipped.push_back(std::string("model.") + part);
    for (const TensorVerdict& verdict : plan.tensors) {
      if (verdict.grid && verdict.grid->group > 0) group = verdict.grid->group;
      if (is_kept_linear(verdict, /*tower=*/false)) skipped.push_back(module_tail(model, verdict.name));
    }
    return {{"quant_method", "awq"}, {"bits", kBits},       {"group_size", group},
            {"zero_point", true},    {"version", "gemm"}, {"modules_to_not_convert", skipped}};
  }

 protected:
  std::string format_name() const override { return "awq"; }
  std::vector<int> code_bits() const override { return {kBits}; }
  bool grids_differ() const override { return false; }
  std::string obstacle(int64_t rows, int64_t, int) const override {
    return rows % kPerWord == 0 ? "" : fmt::format("its {} outputs are no multiple of 8, of which a word holds the codes", rows);
  }
};

}  // namespace

std::unique_ptr<ExportFormat> make_awq_format() { return std::make_unique<AwqFormat>(); }

}  // namespace qvlm
