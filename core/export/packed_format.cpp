// Plans, writes and reads Hugging Face folders with packed linears.
#include "core/export/packed_format.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/half.h"
#include "core/export/hugging_face_folder.h"
#include "core/export/packed_grid.h"
#include "core/model/families/saved_names.h"
#include "core/model/tensor_store.h"

namespace qvlm {

namespace {

constexpr int64_t kShardBytes = int64_t{4} << 30;

bool is_layer_linear(const std::string& name, bool tower) {
  const bool part = name.starts_with("decoder.") || (tower && name.starts_with("vision."));
  if (!name.ends_with(".weight")) return false;
  return (part && (name.find(".attention.") != name.npos || name.find(".mlp.") != name.npos) && name.find("_norm.") == name.npos) ||
         (tower && name.starts_with("projector."));
}

// F16 where every value is a float16 number; else the type that the model has.
TensorVerdict plain_verdict(const std::string& name, const TensorView& view) {
  TensorVerdict verdict{.name = name, .stored = "F16"};
  if (view.dtype != DType::F16) {
    const std::vector<float> values = to_float(view);
    if (through_half(values) != values) verdict.stored = name_of(view.dtype);
  }
  verdict.bytes = static_cast<int64_t>(view.bytes.size()) / size_of(view.dtype) * (verdict.stored == "F16" ? 2 : size_of(view.dtype));
  return verdict;
}

TensorVerdict rounded_verdict(const std::string& name, const QuantizedMatrix& matrix, const std::string& reason) {
  TensorVerdict verdict{.name = name, .stored = "F16", .bytes = matrix.rows * matrix.columns * 2};
  const std::vector<float> values = matrix.dequantize();
  verdict.loss = relative_error(through_half(values), values);
  if (verdict.loss == 0) return verdict;
  verdict.exactness = std::isfinite(verdict.loss) ? Exactness::INEXACT : Exactness::ILLEGAL;
  verdict.reason = reason + (std::isfinite(verdict.loss) ? "; kept as float16, to which its weights are rounded" : "; float16 has not the range of its weights");
  return verdict;
}

std::string module_of(const std::string& name) { return name.substr(0, name.rfind('.')); }

DType dtype_of_stored(const std::string& stored) {
  for (const DType dtype : {DType::F16, DType::BF16, DType::F32, DType::F64})
    if (name_of(dtype) == stored) return dtype;
  throw Error("a plain tensor is not stored as " + stored);
}

std::vector<std::byte> plain_bytes(const Weight& weight, DType stored) {
  if (const auto* view = std::get_if<TensorView>(&weight); view && view->dtype == stored) return {view->bytes.begin(), view->bytes.end()};
  const auto* view = std::get_if<TensorView>(&weight);
  const std::vector<float> values = view ? to_float(*view) : std::get<QuantizedMatrix>(weight).dequantize();
  std::vector<uint16_t> halves(values.size());
  to_half(values, halves);
  return bytes_of(halves);
}

/// What the tensors of a folder are made from, one canonical tensor at a time.
class Source {
 public:
  Source(const PackedFormat& format, const Model& model, const ExportPlan& plan) : format_(format), model_(model) {
    for (const TensorVerdict& verdict : plan.tensors) {
      const std::string name = hugging_face_name(model.config(), verdict.name);
      if (!verdict.grid) {
        add({name, dtype_of_stored(verdict.stored), shape_of(verdict.name)}, {&verdict, 0});
        continue;
      }
      const Shape shape = shape_of(verdict.name);
      size_t part = 0;
      for (TensorToStream tensor : format.layout(shape[0], shape[1], *verdict.grid)) {
        tensor.name = module_of(name) + "." + tensor.name;
        add(std::move(tensor), {&verdict, part++});
      }
    }
    if (model.config().vision)
      for (const char* part : {"weight", "bias"})
        add({std::string(kSavedTower) + "post_layernorm." + part, DType::F16, {model.config().vision->hidden}}, {nullptr, 0});
  }

  const std::vector<TensorToStream>& tensors() const { return tensors_; }

  std::span<const std::byte> bytes(const TensorToStream& tensor) {
    const auto& [verdict, part] = origin_.at(tensor.name);
    if (verdict == nullptr) {  // the tower's last norm, which changes nothing
      parts_.assign(1, bytes_of(std::vector<uint16_t>(static_cast<size_t>(tensor.shape[0]), to_half(tensor.name.ends_with("weight") ? 1.0f : 0.0f))));
      return parts_[0];
    }
    if (part == 0) {
      const Weight weight = model_.load(verdict->name);
      if (verdict->grid)
        parts_ = format_.pack(on_grid(std::get<QuantizedMatrix>(weight), *verdict->grid), *verdict->grid);
      else
        parts_.assign(1, plain_bytes(weight, tensor.dtype));
      model_.release(verdict->name);
    }
    return parts_.at(part);
  }

 private:
  struct Origin {
    const TensorVerdict* verdict;
    size_t part;
  };

  Shape shape_of(const std::string& canonical) const { return expected_shape(model_, canonical); }
  void add(TensorToStream tensor, Origin origin) {
    origin_.emplace(tensor.name, origin);
    tensors_.push_back(std::move(tensor));
  }

  const PackedFormat& format_;
  const Model& model_;
  std::vector<TensorToStream> tensors_;
  std::map<std::string, Origin> origin_;
  PackedTensors parts_;
};

}  // namespace

QuantizedMatrix on_grid(const QuantizedMatrix& matrix, const StoredGrid& grid) {
  QuantizedMatrix result{matrix.rows, matrix.columns, grid.bits, grid.group > 0 ? grid.group : matrix.columns, grid.symmetric, matrix.codes, {}, {}};
  const int shift = grid.symmetric ? (1 << (grid.bits - 1)) - (1 << (matrix.bits - 1)) : 0;
  if (shift != 0)
    for (uint8_t& code : result.codes) code = static_cast<uint8_t>(code + shift);
  for (int64_t row = 0; row < matrix.rows; ++row)
    for (int64_t g = 0; g < result.groups(); ++g) {
      const auto from = static_cast<size_t>(row * matrix.groups() + g * result.group / matrix.group);
      result.scales.push_back(matrix.scales[from]);
      result.zeros.push_back(static_cast<uint8_t>(matrix.zeros[from] + shift));
    }
  return result;
}

std::string module_tail(const Model& model, const std::string& canonical) {
  const std::string module = module_of(hugging_face_name(model.config(), canonical));
  const size_t layers = module.find("layers.");
  return layers == std::string::npos ? module : module.substr(layers);
}

std::string module_pattern(const Model& model, const std::string& canonical, bool fused) {
  std::string tail = module_tail(model, canonical), pattern = ".*";
  if (canonical.starts_with("decoder.") && model.config().vision) pattern += "language_model.*";
  if (canonical.starts_with("vision.")) pattern += "vision_tower.*";
  if (fused)
    for (const auto& [one, both] : {std::pair{"q_proj", "(q_proj|qkv_proj)"}, {"k_proj", "(k_proj|qkv_proj)"}, {"v_proj", "(v_proj|qkv_proj)"},
                                    {"gate_proj", "(gate_proj|gate_up_proj)"}, {"up_proj", "(up_proj|gate_up_proj)"}})
      if (tail.ends_with(std::string(".") + one)) {
        tail.replace(tail.size() - std::string_view(one).size(), std::string::npos, both);
        break;
      }
  for (const char c : tail) pattern += c == '.' ? std::string("\\.") : std::string(1, c);
  return pattern + "$";
}

bool is_kept_linear(const TensorVerdict& verdict, bool tower) { return !verdict.grid && is_layer_linear(verdict.name, tower); }

void read_transposed(const TensorView& view, std::vector<uint16_t>& scales) {
  const auto groups = static_cast<size_t>(view.shape[0]), rows = static_cast<size_t>(view.shape[1]);
  for (size_t g = 0; g < groups; ++g)
    for (size_t row = 0; row < rows; ++row) {
      const size_t at = 2 * (g * rows + row);
      scales[row * groups + g] = static_cast<uint16_t>(static_cast<unsigned>(view.bytes[at]) | static_cast<unsigned>(view.bytes[at + 1]) << 8);
    }
}

ExportPlan PackedFormat::plan(const Model& model, const ExportWatch& watch) const {
  ExportPlan plan;
  plan.refusal = hugging_face_refusal(model);
  if (!plan.refusal.empty()) return plan;
  if (std::string note = activation_note(model, "the folder"); !note.empty()) plan.notes.push_back(std::move(note));
  if (std::string note = template_note(model.config()); !note.empty()) plan.notes.push_back(std::move(note));

  std::vector<LinearGrid> linears;
  std::vector<std::string> plain;
  const auto names = model.names();
  const auto total = static_cast<int64_t>(names.size());
  const auto fits = [&](const std::string& name) { return is_layer_linear(name, packs_tower()); };
  for (const std::string& name : names) {
    watch.step({ExportStep::Stage::CHECKING, static_cast<int64_t>(plan.tensors.size()), total});
    const Weight weight = model.load(name);
    if (const auto* matrix = std::get_if<QuantizedMatrix>(&weight)) {
      LinearGrid linear{name, matrix->rows, matrix->columns, matrix->bits, matrix->group, matrix->symmetric, {}};
      if (const std::string extra = beyond_integers(*matrix); !extra.empty()) linear.obstacle = "it has " + extra + ", which the format has no place for";
      if (!fits(name)) linear.obstacle = "the format packs the decoder's linears alone";
      linears.push_back(std::move(linear));
      plan.tensors.push_back({.name = name});
    } else {
      if (fits(name)) plain.push_back(site_key(name));
      plan.tensors.push_back(plain_verdict(name, std::get<TensorView>(weight)));
    }
    model.release(name);
  }

  choose_grids(linears, plain, {code_bits(), grids_differ(), knows_symmetric(),
                                [this](int64_t rows, int64_t columns, int bits) { return obstacle(rows, columns, bits); }});
  for (const LinearGrid& linear : linears) {
    TensorVerdict& verdict = *std::find_if(plan.tensors.begin(), plan.tensors.end(), [&](const auto& one) { return one.name == linear.name; });
    if (linear.obstacle.empty()) {
      verdict.grid = linear.grid;
      verdict.stored = to_string(linear.grid);
      for (const TensorToStream& tensor : layout(linear.rows, linear.columns, linear.grid))
        verdict.bytes += element_count(tensor.shape, tensor.name) * size_of(tensor.dtype);
    } else {
      verdict = rounded_verdict(linear.name, std::get<QuantizedMatrix>(model.load(linear.name)), linear.obstacle);
      model.release(linear.name);
    }
  }
  watch.step({ExportStep::Stage::CHECKING, total, total});
  if (std::none_of(plan.tensors.begin(), plan.tensors.end(), [](const auto& one) { return one.grid.has_value(); }))
    plan.refusal = linears.empty() ? "no linear of the model is quantized"
                                   : "no linear of the model can be packed (" + linears.front().name + ": " + linears.front().obstacle + ")";
  return plan;
}

void PackedFormat::write(const Model& model, const ExportPlan& plan, const std::filesystem::path& folder, const std::string&,
                         const ExportWatch& watch) const {
  Source source(*this, model, plan);
  int64_t done = 0;
  const auto total = static_cast<int64_t>(source.tensors().size());
  stream_sharded(folder, source.tensors(), kShardBytes, [&](const TensorToStream& tensor) {
    watch.step({ExportStep::Stage::WRITING, done++, total});
    return source.bytes(tensor);
  });
  write_hugging_face_files(model, quantization_config(model, plan), folder);
}

WrittenValues PackedFormat::read_back(const Model& model, const ExportPlan& plan, const std::filesystem::path& folder, const std::string&) const {
  std::shared_ptr<const TensorStore> store = open_tensor_store(folder);
  check_hugging_face_files(model, folder, *store);
  return [this, store, &model, &plan](const std::string& canonical) {
    const TensorVerdict& verdict = plan.verdict(canonical);
    const std::string name = hugging_face_name(model.config(), canonical);
    if (!verdict.grid) {
      auto values = to_float(store->tensor(name));
      store->release(name);
      return values;
    }
    const Shape shape = expected_shape(model, canonical);
    const StoredGrid& grid = *verdict.grid;
    QuantizedMatrix matrix{shape[0], shape[1], grid.bits, grid.group > 0 ? grid.group : shape[1], grid.symmetric, {}, {}, {}};
    matrix.codes.resize(static_cast<size_t>(shape[0] * shape[1]));
    matrix.scales.resize(static_cast<size_t>(shape[0] * matrix.groups()));
    matrix.zeros.assign(matrix.scales.size(), static_cast<uint8_t>(1 << (grid.bits - 1)));
    for (const TensorToStream& tensor : layout(shape[0], shape[1], grid)) {
      const TensorView& view = store->tensor(module_of(name) + "." + tensor.name);
      if (view.dtype != tensor.dtype || view.shape != tensor.shape)
        throw Error::in(view.origin, "type and shape", fmt::format("{} {}", name_of(tensor.dtype), to_string(tensor.shape)),
                        fmt::format("{} {}", name_of(view.dtype), to_string(view.shape)));
    }
    unpack([&](const std::string& suffix) -> const TensorView& { return store->tensor(module_of(name) + "." + suffix); }, grid, matrix);
    for (const TensorToStream& tensor : layout(shape[0], shape[1], grid)) store->release(module_of(name) + "." + tensor.name);
    return matrix.dequantize();
  };
}

std::string PackedFormat::usage(const std::string&, bool vision) const {
  return fmt::format("  vllm serve FOLDER --quantization {}{}\n", format_name(), vision ? " --limit-mm-per-prompt '{\"image\": 2}'" : "");
}

}  // namespace qvlm
