// Opens a checkpoint folder: family, names, shapes.
#include "core/model/checkpoint.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/model/checkpoint_config.h"
#include "core/model/fingerprint.h"
#include "core/model/token_config.h"

namespace qvlm {

namespace {

// A layer of the tower behind the one whose output is the feature, or a weight of a tied head: there, but not needed.
bool is_spare(const VlmConfig& config, const std::string& canonical) {
  if (canonical == "decoder.head.weight") return config.decoder.tied_head;
  if (!config.vision || !canonical.starts_with("vision.") || !std::isdigit(static_cast<unsigned char>(canonical[7])))
    return false;
  const int layer = std::stoi(canonical.substr(7));
  return layer >= config.vision->layers && layer < config.vision->file_layers;
}

}  // namespace

bool is_decoder_linear(std::string_view canonical) {
  if (!canonical.starts_with("decoder.") || !canonical.ends_with(".weight")) return false;
  return canonical.find(".attention.") != std::string_view::npos || canonical.find(".mlp.") != std::string_view::npos;
}

HuggingFaceModel::HuggingFaceModel(const std::filesystem::path& folder, const OpenOptions& options) : folder_(folder) {
  const auto config_path = folder / "config.json";
  const std::string config_file = config_path.string();
  const Json config = read_json(config_path);
  const Family& family = family_of(field<std::string>(config, "model_type", config_file), config_file);
  if (has_field(config, "quantization_config"))
    throw Error(config_file + ": quantization_config: this checkpoint is quantized already (" +
                field_or<std::string>(object_field(config, "quantization_config", config_file), "quant_method",
                                      config_file, "no quant_method") +
                "); give the full-precision one");
  store_ = open_tensor_store(folder);

  tokenizer_ = find_tokenizer(folder);
  std::optional<TokenizerData> tokens;
  if (tokenizer_.kind != TokenizerSource::Kind::NONE) tokens = read_tokenizer(tokenizer_);

  const FamilyDescription description =
      describe_checkpoint(family, folder, config, options, [this](std::string_view name) { return store_->has(name); }, tokens);
  config_ = description.config;

  const auto take = [this](const TensorStore& store, const std::vector<NameGroup>& groups, const std::string& origin,
                           bool list_unknown) {
    for (const std::string& name : store.names()) {
      const NameMatch match = match_name(groups, name);
      if (match.kind == NameMatch::Kind::UNKNOWN && list_unknown) unmatched_.push_back(name);
      if (match.kind != NameMatch::Kind::TENSOR || is_spare(config_, match.canonical)) continue;
      const auto [place, inserted] = place_.emplace(match.canonical, Place{&store, name});
      if (!inserted)
        throw Error(origin + ": tensors " + place->second.name + " and " + name + " are the same weight (" +
                    match.canonical + ")");
    }
  };
  take(*store_, description.names, folder.string(), true);
  if (!description.tower.empty()) {
    tower_store_ = open_tensor_store(description.tower);
    take(*tower_store_, description.tower_names, description.tower.string(), false);
  }

  std::vector<std::string> expected_names;
  for (const ExpectedTensor& expected : expected_tensors(config_)) {
    expected_names.push_back(expected.name);
    const auto found = place_.find(expected.name);
    if (found == place_.end()) {
      if (expected.optional) continue;
      // In the spelling of this checkpoint: the candidate nearest to a tensor that nothing took.
      std::string wanted, near;
      for (const std::string& candidate : file_names(description.names, expected.name)) {
        const std::string similar = nearest(candidate, unmatched_);
        if (wanted.empty() || (near.empty() && !similar.empty())) wanted = candidate, near = similar;
      }
      throw Error(folder.string() + ": the tensor " + expected.name + (wanted.empty() ? "" : " (" + wanted + ")") +
                  " is missing" +
                  (near.empty() ? "" : "; the folder has " + near + ", which nothing takes: was it renamed?"));
    }
    const TensorView& view = found->second.store->tensor(found->second.name);
    if (view.shape != expected.shape)
      throw Error::in(view.origin, "shape", to_string(expected.shape) + " (" + expected.name + ")",
                      to_string(view.shape));
    if (view.dtype != DType::F32 && view.dtype != DType::F16 && view.dtype != DType::BF16 && view.dtype != DType::F64)
      throw Error::in(view.origin, "type", "F32, F16, BF16 or F64", name_of(view.dtype));
  }
  // What matched a pattern but is no part of this configuration (a layer too many, a bias that config.json denies).
  std::sort(expected_names.begin(), expected_names.end());
  for (auto at = place_.begin(); at != place_.end();) {
    if (std::binary_search(expected_names.begin(), expected_names.end(), at->first)) {
      ++at;
    } else {
      unmatched_.push_back(at->second.name);
      at = place_.erase(at);
    }
  }
}

std::vector<std::string> HuggingFaceModel::names() const {
  std::vector<std::string> result;
  for (const ExpectedTensor& expected : expected_tensors(config_))
    if (has(expected.name)) result.push_back(expected.name);
  return result;
}

const HuggingFaceModel::Place& HuggingFaceModel::place(std::string_view canonical) const {
  const auto found = place_.find(canonical);
  if (found == place_.end()) throw Error(folder_.string() + ": the model has no tensor " + std::string(canonical));
  return found->second;
}

Weight HuggingFaceModel::load(std::string_view canonical) const {
  const Place& at = place(canonical);
  return at.store->tensor(at.name);
}

void HuggingFaceModel::release(std::string_view canonical) const {
  const Place& at = place(canonical);
  at.store->release(at.name);
}

int64_t HuggingFaceModel::stored_bytes() const {
  int64_t total = 0;
  for (const auto& [canonical, at] : place_) total += static_cast<int64_t>(at.store->tensor(at.name).bytes.size());
  return total;
}

double HuggingFaceModel::stored_bits() const {
  double bits = 0, weights = 0;
  for (const auto& [canonical, at] : place_) {
    if (!is_decoder_linear(canonical)) continue;
    const TensorView& view = at.store->tensor(at.name);
    bits += 8.0 * static_cast<double>(view.bytes.size());
    weights += static_cast<double>(view.bytes.size()) / static_cast<double>(size_of(view.dtype));
  }
  return weights > 0 ? bits / weights : 0;
}

std::string HuggingFaceModel::fingerprint() const {
  Fingerprint fingerprint(config_);
  for (const auto& [canonical, at] : place_) {
    const TensorView& view = at.store->tensor(at.name);
    fingerprint.add(canonical, std::string(name_of(view.dtype)) + to_string(view.shape), view.bytes);
    at.store->release(at.name);  // the kernel maps much more around each page that is read
  }
  return fingerprint.digest();
}

}  // namespace qvlm
