// compressed-tensors, format pack-quantized (algorithms.md 4.4).
#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/export/packed_format.h"
#include "core/export/packed_words.h"

namespace qvlm {

namespace {

int64_t words_for(int64_t codes, int bits) { return (codes * bits + 31) / 32; }

class CompressedTensorsFormat : public PackedFormat {
 public:
  std::vector<TensorToStream> layout(int64_t rows, int64_t columns, const StoredGrid& grid) const override {
    const int64_t groups = grid.group > 0 ? columns / grid.group : 1;
    std::vector<TensorToStream> tensors{{"weight_packed", DType::I32, {rows, words_for(columns, grid.bits)}},
                                        {"weight_scale", DType::F16, {rows, groups}},
                                        {"weight_shape", DType::I64, {2}}};
    if (!grid.symmetric) tensors.push_back({"weight_zero_point", DType::I32, {words_for(rows, grid.bits), groups}});
    return tensors;
  }

  // Stored is the signed code with half of the range added: the unsigned code that we have. Slots behind the last code hold what a zero becomes.
  PackedTensors pack(const QuantizedMatrix& matrix, const StoredGrid& grid) const override {
    const int64_t groups = matrix.groups(), per_word = 32 / grid.bits;
    PackedTensors tensors{
        bytes_of(pack_words(matrix.rows, words_for(matrix.columns, grid.bits), grid.bits,
                            [&](int64_t row, int64_t word, int slot) {
                              const int64_t column = word * per_word + slot;
                              return column < matrix.columns ? matrix.codes[static_cast<size_t>(row * matrix.columns + column)] : uint8_t{0};
                            })),
        bytes_of(matrix.scales), bytes_of(std::vector<int64_t>{matrix.rows, matrix.columns})};
    if (!grid.symmetric)
      tensors.push_back(bytes_of(pack_words(words_for(matrix.rows, grid.bits), groups, grid.bits, [&](int64_t word, int64_t g, int slot) {
        const int64_t row = word * per_word + slot;
        return row < matrix.rows ? matrix.zeros[static_cast<size_t>(row * groups + g)] : uint8_t{0};
      })));
    return tensors;
  }

  void unpack(const PackedTensorOf& tensor, const StoredGrid& grid, QuantizedMatrix& matrix) const override {
    const int64_t groups = matrix.groups(), per_word = 32 / grid.bits;
    const Shape expected{matrix.rows, matrix.columns};
    if (const TensorView& shape = tensor("weight_shape"); !std::ranges::equal(shape.bytes, std::as_bytes(std::span(expected))))
      throw Error::in(shape.origin, "", to_string(expected), "another shape");
    unpack_words(tensor("weight_packed"), grid.bits, [&](int64_t row, int64_t word, int slot, uint8_t code) {
      const int64_t column = word * per_word + slot;
      if (column < matrix.columns) matrix.codes[static_cast<size_t>(row * matrix.columns + column)] = code;
    });
    const auto scales = tensor("weight_scale").bytes;
    std::copy(scales.begin(), scales.end(), std::as_writable_bytes(std::span(matrix.scales)).begin());
    if (grid.symmetric) return;
    unpack_words(tensor("weight_zero_point"), grid.bits, [&](int64_t word, int64_t g, int slot, uint8_t zero) {
      const int64_t row = word * per_word + slot;
      if (row < matrix.rows) matrix.zeros[static_cast<size_t>(row * groups + g)] = zero;
    });
  }

  // A group of the configuration a grid: all linears for the only one, else the modules by name.
  Json quantization_config(const Model& model, const ExportPlan& plan) const override {
    std::vector<std::pair<StoredGrid, Json>> groups;
    Json ignored = Json::array({"re:.*lm_head$"});
    bool tower = false, projector = false;
    for (const TensorVerdict& verdict : plan.tensors) {
      tower = tower || (verdict.grid && verdict.name.starts_with("vision."));
      projector = projector || (verdict.grid && verdict.name.starts_with("projector."));
    }
    if (model.config().vision && !tower) ignored.push_back("re:.*vision_tower.*");
    if (model.config().vision && !projector) ignored.push_back("re:.*multi_modal_projector.*");
    for (const TensorVerdict& verdict : plan.tensors) {
      const bool covered = (verdict.name.starts_with("vision.") && !tower) || (verdict.name.starts_with("projector.") && !projector);
      if (!verdict.grid && !covered && is_kept_linear(verdict, /*tower=*/true)) ignored.push_back("re:" + module_pattern(model, verdict.name, false));
      if (!verdict.grid) continue;
      auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& one) { return one.first == *verdict.grid; });
      if (group == groups.end()) group = groups.insert(groups.end(), {*verdict.grid, Json::array()});
      group->second.push_back("re:" + module_pattern(model, verdict.name, false));
    }
    Json config_groups = Json::object();
    for (auto& [grid, modules] : groups) {
      Json weights{{"num_bits", grid.bits},  {"type", "int"},     {"symmetric", grid.symmetric}, {"strategy", grid.group > 0 ? "group" : "channel"},
                   {"group_size", nullptr}, {"dynamic", false}, {"actorder", nullptr}};
      if (grid.group > 0) weights["group_size"] = grid.group;
      config_groups[fmt::format("group_{}", config_groups.size())] = {{"targets", groups.size() == 1 ? Json::array({"Linear"}) : std::move(modules)},
                                                                     {"weights", weights},
                                                                     {"input_activations", nullptr},
                                                                     {"output_activations", nullptr}};
    }
    return {{"quant_method", "compressed-tensors"},      {"format", "pack-quantized"}, {"quantization_status", "compressed"},
            {"global_compression_ratio", nullptr},       {"kv_cache_scheme", nullptr}, {"config_groups", config_groups},
            {"ignore", ignored}};
  }

 protected:
  std::string format_name() const override { return "compressed-tensors"; }
  std::vector<int> code_bits() const override { return {4, 8}; }
  bool grids_differ() const override { return true; }
  bool packs_tower() const override { return true; }
  bool knows_symmetric() const override { return true; }
  std::string obstacle(int64_t, int64_t, int) const override { return {}; }
};

}  // namespace

std::unique_ptr<ExportFormat> make_compressed_tensors_format() { return std::make_unique<CompressedTensorsFormat>(); }

}  // namespace qvlm
