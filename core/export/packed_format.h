// What AWQ, GPTQ and compressed-tensors share: a Hugging Face folder in which linears are packed as integers, and which of them can be.
#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/export/export_format.h"
#include "core/model/safetensors.h"

namespace qvlm {

/// The bytes of a linear's tensors, in the order of PackedFormat::layout().
using PackedTensors = std::vector<std::vector<std::byte>>;
/// A linear's tensor by its suffix ("qweight").
using PackedTensorOf = std::function<const TensorView&(const std::string& suffix)>;

/// Verdicts: a linear whose grid fits is packed, exactly. Others keep float16 beside the packed ones, rounded from the dequantized weights
/// (inexact, unless they all are float16 numbers), and so do those of the same site (query, key, value; gate, up): runtimes fuse them and
/// want them alike. Plain tensors are float16 where that is exact, else as they are.
class PackedFormat : public ExportFormat {
 public:
  ExportPlan plan(const Model& model, const ExportWatch& watch) const final;
  void write(const Model& model, const ExportPlan& plan, const std::filesystem::path& folder, const std::string& name,
             const ExportWatch& watch) const final;
  WrittenValues read_back(const Model& model, const ExportPlan& plan, const std::filesystem::path& folder, const std::string& name) const final;
  std::string usage(const std::string& name, bool vision) const final;

  /// The tensors of a linear [rows, columns] on a grid: suffixes, types, shapes.
  virtual std::vector<TensorToStream> layout(int64_t rows, int64_t columns, const StoredGrid& grid) const = 0;
  /// `matrix` lies on the grid (on_grid).
  virtual PackedTensors pack(const QuantizedMatrix& matrix, const StoredGrid& grid) const = 0;
  /// Codes, scales and zeros of `matrix`, whose sizes stand already. Throws Error where the tensors contradict the grid.
  virtual void unpack(const PackedTensorOf& tensor, const StoredGrid& grid, QuantizedMatrix& matrix) const = 0;
  /// quantization_config of config.json.
  virtual Json quantization_config(const Model& model, const ExportPlan& plan) const = 0;

 protected:
  virtual std::string format_name() const = 0;
  /// Widths of codes that the format packs, ascending.
  virtual std::vector<int> code_bits() const = 0;
  /// Each site may have its own grid; else one grid for the model.
  virtual bool grids_differ() const = 0;
  /// The tower's and the projector's linears may be packed, too.
  virtual bool packs_tower() const { return false; }
  /// Grids without zero points are told apart; else every grid has them.
  virtual bool knows_symmetric() const { return false; }
  /// Why a linear of such sizes cannot be packed in codes of `bits`; empty: it can.
  virtual std::string obstacle(int64_t rows, int64_t columns, int bits) const = 0;
};

/// The same values on a grid that holds the matrix's: codes moved where a symmetric one gets more bits, scales and zeros repeated where groups get
/// smaller.
QuantizedMatrix on_grid(const QuantizedMatrix& matrix, const StoredGrid& grid);

/// `canonical`'s module without what differs from runtime to runtime: "layers.3.self_attn.q_proj".
std::string module_tail(const Model& model, const std::string& canonical);
/// A regular expression for the module from the beginning of its name, in every runtime. `fused`: with the names of the linears that vLLM makes of
/// those of a site (qkv_proj, gate_up_proj).
std::string module_pattern(const Model& model, const std::string& canonical, bool fused);
/// A linear of the decoder's layers (or of the tower's and the projector) that stays unpacked, so that a configuration must name it.
bool is_kept_linear(const TensorVerdict& verdict, bool tower);
/// Scales [groups, rows] into [rows, groups].
void read_transposed(const TensorView& view, std::vector<uint16_t>& scales);

template <typename T>
std::vector<std::byte> bytes_of(const std::vector<T>& elements) {
  const auto bytes = std::as_bytes(std::span(elements));
  return {bytes.begin(), bytes.end()};
}

}  // namespace qvlm
