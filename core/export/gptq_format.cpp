// GPTQ, checkpoint format gptq_v2: zero points as they are, not less one (algorithms.md 4.3).
#include <algorithm>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/export/packed_format.h"
#include "core/export/packed_words.h"

namespace qvlm {

namespace {

class GptqFormat : public PackedFormat {
 public:
  std::vector<TensorToStream> layout(int64_t rows, int64_t columns, const StoredGrid& grid) const override {
    const int64_t groups = grid.group > 0 ? columns / grid.group : 1, per_word = 32 / grid.bits;
    return {{"qweight", DType::I32, {columns / per_word, rows}},
            {"qzeros", DType::I32, {groups, rows / per_word}},
            {"scales", DType::F16, {groups, rows}},
            {"g_idx", DType::I32, {columns}}};
  }

  PackedTensors pack(const QuantizedMatrix& matrix, const StoredGrid& grid) const override {
    const int64_t groups = matrix.groups(), per_word = 32 / grid.bits;
    std::vector<uint16_t> scales;
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t row = 0; row < matrix.rows; ++row) scales.push_back(matrix.scales[static_cast<size_t>(row * groups + g)]);
    std::vector<int32_t> group_of;
    for (int64_t column = 0; column < matrix.columns; ++column) group_of.push_back(static_cast<int32_t>(column / matrix.group));
    return {bytes_of(pack_words(matrix.columns / per_word, matrix.rows, grid.bits,
                                [&](int64_t word, int64_t row, int slot) {
                                  return matrix.codes[static_cast<size_t>(row * matrix.columns + word * per_word + slot)];
                                })),
            bytes_of(pack_words(groups, matrix.rows / per_word, grid.bits,
                                [&](int64_t g, int64_t word, int slot) {
                                  return matrix.zeros[static_cast<size_t>((word * per_word + slot) * groups + g)];
                                })),
            bytes_of(scales), bytes_of(group_of)};
  }

  void unpack(const PackedTensorOf& tensor, const StoredGrid& grid, QuantizedMatrix& matrix) const override {
    const int64_t groups = matrix.groups(), per_word = 32 / grid.bits;
    unpack_words(tensor("qweight"), grid.bits, [&](int64_t word, int64_t row, int slot, uint8_t code) {
      matrix.codes[static_cast<size_t>(row * matrix.columns + word * per_word + slot)] = code;
    });
    unpack_words(tensor("qzeros"), grid.bits, [&](int64_t g, int64_t word, int slot, uint8_t zero) {
      matrix.zeros[static_cast<size_t>((word * per_word + slot) * groups + g)] = zero;
    });
    read_transposed(tensor("scales"), matrix.scales);
    const TensorView& order = tensor("g_idx");
    for (int64_t column = 0; column < matrix.columns; ++column) {
      int32_t found = 0;
      std::memcpy(&found, order.bytes.data() + 4 * column, sizeof found);
      if (found != column / matrix.group)
        throw Error::in(order.origin, fmt::format("element {}", column), std::to_string(column / matrix.group), std::to_string(found));
    }
  }

  // The first grid is the model's; sites with another one, and linears that stay float16, are overrides, as GPTQModel writes and vLLM reads them.
  Json quantization_config(const Model& model, const ExportPlan& plan) const override {
    const auto first = std::find_if(plan.tensors.begin(), plan.tensors.end(), [](const auto& one) { return one.grid.has_value(); });
    const StoredGrid grid = *first->grid;
    const auto group = [](const StoredGrid& of) { return of.group > 0 ? of.group : int64_t{-1}; };
    bool symmetric = true;
    Json overrides = Json::object();
    for (const TensorVerdict& verdict : plan.tensors) {
      if (!verdict.grid && !is_kept_linear(verdict, /*tower=*/false)) continue;
      const std::string pattern = module_pattern(model, verdict.name, true);
      if (!verdict.grid) overrides["-:" + pattern] = Json::object();
      if (!verdict.grid) continue;
      symmetric = symmetric && verdict.grid->symmetric;
      if (verdict.grid->bits != grid.bits || verdict.grid->group != grid.group)
        overrides["+:" + pattern] = {{"bits", verdict.grid->bits}, {"group_size", group(*verdict.grid)}};
    }
    Json config{{"quant_method", "gptq"},
                {"checkpoint_format", "gptq_v2"},
                {"bits", grid.bits},
                {"group_size", group(grid)},
                {"sym", symmetric},
                {"desc_act", false},
                {"static_groups", true},
                {"true_sequential", true},
                {"damp_percent", 0.01},
                {"lm_head", false}};
    if (model.config().vision) {
      overrides["-:.*vision_tower.*"] = Json::object();
      overrides["-:.*multi_modal_projector.*"] = Json::object();
    }
    if (!overrides.empty()) config["dynamic"] = overrides;
    return config;
  }

 protected:
  std::string format_name() const override { return "gptq"; }
  std::vector<int> code_bits() const override { return {4, 8}; }
  bool grids_differ() const override { return true; }
  bool knows_symmetric() const override { return true; }
  std::string obstacle(int64_t rows, int64_t columns, int bits) const override {
    const int64_t per_word = 32 / bits;
    if (columns % per_word != 0) return fmt::format("its {} inputs are no multiple of {}, of which a word holds the codes", columns, per_word);
    return rows % per_word == 0 ? "" : fmt::format("its {} outputs are no multiple of {}, of which a word holds the zero points", rows, per_word);
  }
};

}  // namespace

std::unique_ptr<ExportFormat> make_gptq_format() { return std::make_unique<GptqFormat>(); }

}  // namespace qvlm
