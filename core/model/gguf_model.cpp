// Opens GGUF pairs.
#include "core/model/gguf_model.h"

#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/model/checkpoint.h"
#include "core/model/fingerprint.h"
#include "core/model/gguf_config.h"
#include "core/model/gguf_names.h"

namespace qvlm {

GgufModel::GgufModel(const std::filesystem::path& path, const std::filesystem::path& text,
                     const std::filesystem::path& vision, TokenizerSource tokenizer, const OpenOptions& options)
    : path_(path), tokenizer_(std::move(tokenizer)), text_(std::make_unique<GgufFile>(text)) {
  if (tokenizer_.kind == TokenizerSource::Kind::GGUF_FILE && !text_->has_key("tokenizer.ggml.model")) tokenizer_ = {};
  config_.decoder = read_decoder_keys(*text_);
  interleaved_ = has_interleaved_rotary(*text_);
  if (!vision.empty()) {
    vision_ = std::make_unique<GgufFile>(vision);
    read_vision_keys(*vision_, config_);
    vision_activations_ = read_vision_activation_keys(*vision_, *config_.vision);
  }
  read_token_keys(*text_, config_);
  if (!options.chat_template.empty()) config_.chat_template = options.chat_template;
  activations_ = read_activation_keys(*text_, config_);
  take(*text_);
  if (vision_) {
    take(*vision_);
    undo_legacy_swap();
  }
  check_shapes();
}

void GgufModel::take(const GgufFile& file) {
  const bool tower = &file == vision_.get();
  std::map<std::string, bool> plane_tensors;  // that belong to a matrix
  const auto place = [&](const std::string& name, std::optional<PlaneTable::Entry> planes) {
    const auto canonical = canonical_name(name);
    // Each file gives its own half of the model.
    if (!canonical || canonical->starts_with("decoder.") == tower) {
      unmatched_.push_back(name);
      return;
    }
    place_[*canonical] = Place{&file, name, std::move(planes), {}};
  };
  for (const PlaneTable::Entry& entry : read_plane_table(file).entries) {
    for (const std::string& tensor : qvlm::tensors_of(entry)) plane_tensors[tensor] = true;
    place(entry.name, entry);
  }
  for (const auto& [name, tensor] : file.tensors())
    if (!plane_tensors.contains(name) && name != "rope_freqs.weight") place(name, std::nullopt);
}

// Legacy mmproj files name fc1 ffn_down and fc2 ffn_up.
void GgufModel::undo_legacy_swap() {
  if (config_.vision->hidden == config_.vision->ffn || !vision_->has_tensor("v.blk.0.ffn_down.weight")) return;
  const Shape legacy{config_.vision->ffn, config_.vision->hidden};
  if (vision_->tensor("v.blk.0.ffn_down.weight").shape != legacy) return;
  for (int layer = 0; layer < config_.vision->file_layers; ++layer)
    for (const char* part : {"weight", "bias"}) {
      const auto up = place_.find(fmt::format("vision.{}.mlp.up.{}", layer, part)),
                 down = place_.find(fmt::format("vision.{}.mlp.down.{}", layer, part));
      if (up != place_.end() && down != place_.end()) std::swap(up->second, down->second);
    }
}

void GgufModel::check_shapes() {
  std::map<std::string, Place, std::less<>> expected_places;
  for (const ExpectedTensor& expected : expected_tensors(config_)) {
    const auto found = place_.find(expected.name);
    if (found == place_.end()) {
      if (expected.optional) continue;
      const std::string name = gguf_name(expected.name), near = nearest(name, unmatched_);
      const std::string& file = expected.name.starts_with("decoder.") ? text_->file() : vision_->file();
      throw Error(file + ": the tensor " + name + " is missing" +
                  (near.empty() ? "" : "; the file has " + near + ", which nothing takes: was it renamed?"));
    }
    Place& place = found->second;
    place.shape = expected.shape;
    if (!place.planes) {
      const GgufTensor& tensor = place.file->tensor(place.name);
      if (expected.name == "projector.2.weight" && tensor.shape.size() == 2 && tensor.shape[0] != config_.decoder.hidden)
        throw Error(fmt::format("{}: its pictures have {} channels, the decoder of {} takes {}: this vision file belongs to another model",
                                vision_->file(), tensor.shape[0], text_->file(), config_.decoder.hidden));
      if (tensor.shape != expected.shape)
        throw Error::in(tensor.origin, "shape", to_string(expected.shape), to_string(tensor.shape));
      const auto dtype = dtype_of(tensor.type);
      if (dtype && *dtype != DType::F32 && *dtype != DType::F16 && *dtype != DType::BF16 && *dtype != DType::F64)
        throw Error::in(tensor.origin, "type", "floating-point or quantized", name_of(tensor.type));
    } else if (expected.shape.size() != 2) {
      throw Error::in(place.file->file() + ": tensor " + place.name, "shape", to_string(expected.shape),
                      "planes of a matrix");
    }
    expected_places.insert(*found);
    place_.erase(found);
  }
  for (const auto& [canonical, place] : place_) {
    // Without them the weights that hold their inverses mean nothing.
    if (canonical.find(".transform.") != std::string::npos)
      throw Error(place.file->file() + ": tensor " + place.name + ": the key qvlm.site_transforms does not ask for it");
    unmatched_.push_back(place.name);
  }
  place_ = std::move(expected_places);
}

std::vector<std::string> GgufModel::names() const {
  std::vector<std::string> result;
  for (const ExpectedTensor& expected : expected_tensors(config_))
    if (has(expected.name)) result.push_back(expected.name);
  return result;
}

const GgufModel::Place& GgufModel::place(std::string_view canonical) const {
  const auto found = place_.find(canonical);
  if (found == place_.end()) throw Error(path_.string() + ": the model has no tensor " + std::string(canonical));
  return found->second;
}

std::vector<std::string> GgufModel::tensors_of(const Place& place) const {
  if (!place.planes) return {place.name};
  return qvlm::tensors_of(*place.planes);
}

TensorView GgufModel::hold(std::string_view canonical, DType dtype, const Shape& shape, std::vector<std::byte> bytes,
                           const std::string& origin) const {
  const std::lock_guard lock(mutex_);
  const auto [at, inserted] = held_.emplace(std::string(canonical), std::move(bytes));
  return {dtype, shape, at->second, origin};
}

Weight GgufModel::load(std::string_view canonical) const {
  const Place& at = place(canonical);
  const int heads = interleaved_ ? rotary_heads(canonical, config_.decoder) : 0;
  const auto order = heads > 0 ? inverse(rotary_rows(at.shape[0], heads)) : std::vector<int64_t>{};
  const auto ordered = [&order](QuantizedMatrix matrix) {
    return order.empty() ? std::move(matrix) : reorder_rows(matrix, order);
  };
  if (at.planes) {
    auto matrix = read_planes(*at.file, *at.planes, at.shape[0], at.shape[1]);
    return at.planes->double_scales ? std::move(matrix) : ordered(std::move(matrix));
  }

  const GgufTensor& tensor = at.file->tensor(at.name);
  const auto dtype = dtype_of(tensor.type);
  if (dtype && order.empty()) return TensorView{*dtype, tensor.shape, tensor.bytes, tensor.origin};
  if (!dtype && tensor.shape.size() == 2)
    if (auto matrix = read_as_matrix(tensor.type, tensor.bytes, tensor.shape[0], tensor.shape[1]))
      return ordered(std::move(*matrix));

  {
    const std::lock_guard lock(mutex_);
    if (const auto found = held_.find(canonical); found != held_.end())
      return TensorView{dtype.value_or(DType::F32), tensor.shape, found->second, tensor.origin};
  }
  std::vector<std::byte> bytes;
  if (dtype) {
    bytes = reorder_rows(tensor.bytes, order);
  } else {
    const auto values = dequantize_blocks(tensor.type, tensor.bytes, tensor.origin);
    const auto raw = std::as_bytes(std::span(values));
    bytes = order.empty() ? std::vector<std::byte>(raw.begin(), raw.end()) : reorder_rows(raw, order);
  }
  return hold(canonical, dtype.value_or(DType::F32), tensor.shape, std::move(bytes), tensor.origin);
}

void GgufModel::release(std::string_view canonical) const {
  const Place& at = place(canonical);
  for (const std::string& name : tensors_of(at)) at.file->release(name);
  const std::lock_guard lock(mutex_);
  if (const auto found = held_.find(canonical); found != held_.end()) held_.erase(found);
}

int64_t GgufModel::stored_bytes() const {
  int64_t total = 0;
  for (const auto& [canonical, at] : place_)
    for (const std::string& name : tensors_of(at)) total += static_cast<int64_t>(at.file->tensor(name).bytes.size());
  return total;
}

double GgufModel::stored_bits() const {
  double bits = 0, weights = 0;
  for (const auto& [canonical, at] : place_) {
    if (!is_decoder_linear(canonical)) continue;
    for (const std::string& name : tensors_of(at))
      bits += 8.0 * static_cast<double>(at.file->tensor(name).bytes.size());
    weights += static_cast<double>(element_count(at.shape, canonical));
  }
  return weights > 0 ? bits / weights : 0;
}

std::string GgufModel::fingerprint() const {
  Fingerprint fingerprint(config_);
  for (const auto& [canonical, at] : place_)
    for (const std::string& name : tensors_of(at)) {
      const GgufTensor& tensor = at.file->tensor(name);
      fingerprint.add(name, name_of(tensor.type) + to_string(tensor.shape), tensor.bytes);
      at.file->release(name);  // the kernel maps much more around each page that is read
    }
  for (const ActivationQuantizer& quantizer : activations_)
    fingerprint.add("activation",
                    fmt::format("{} {} {} {} {} {}", static_cast<int>(quantizer.granularity), quantizer.bits,
                                quantizer.group, quantizer.low, quantizer.high, quantizer.clip),
                    {});
  for (const VisionQuantizer& quantizer : vision_activations_)
    fingerprint.add("vision activation",
                    fmt::format("{} {} {} {}", static_cast<int>(quantizer.range), quantizer.bits,
                                fmt::join(quantizer.low, " "), fmt::join(quantizer.high, " ")),
                    {});
  return fingerprint.digest();
}

std::unique_ptr<Model> open_gguf_model(const std::filesystem::path& path, const OpenOptions& options) {
  return std::make_unique<GgufModel>(path, path, options.vision,
                                     TokenizerSource{TokenizerSource::Kind::GGUF_FILE, path}, options);
}

}  // namespace qvlm
