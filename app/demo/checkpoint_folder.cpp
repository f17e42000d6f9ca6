// Names, weights and companions of a checkpoint folder.
#include "app/demo/checkpoint_folder.h"

#include <map>
#include <vector>

#include "core/base/error.h"
#include "core/model/families/clip.h"
#include "core/model/families/llama.h"
#include "core/model/model.h"
#include "core/model/safetensors.h"

namespace qvlm::demo {

namespace {

constexpr const char* kTower = "vision_tower.vision_model.";

std::vector<NameGroup> names(bool vision) {
  if (!vision) return {llama_names({"model."}), llama_head_names({""})};
  return {clip_names({kTower}),
          {{"multi_modal_projector."}, {{"linear_1.*", "projector.0.*"}, {"linear_2.*", "projector.2.*"}}, {}},
          llama_names({"language_model.model."}),
          llama_head_names({"language_model."})};
}

}  // namespace

std::string hugging_face_name(const VlmConfig& config, const std::string& canonical) {
  const auto found = file_names(names(config.vision.has_value()), canonical);
  if (found.empty()) throw Error("Hugging Face's layout has no name for the tensor " + canonical);
  return found.front();
}

void write_weights(const std::filesystem::path& folder, const VlmConfig& config, DType dtype, int64_t shard_bytes,
                   const TensorBytes& bytes_of) {
  std::vector<TensorToStream> list;
  std::map<std::string, std::string> canonical;  // by the file's name
  for (const ExpectedTensor& expected : expected_tensors(config)) {
    if (expected.optional) continue;
    list.push_back({hugging_face_name(config, expected.name), dtype, expected.shape});
    canonical[list.back().name] = expected.name;
  }
  std::vector<float> post_norm;
  if (config.vision)
    for (const char* part : {"weight", "bias"})
      list.push_back({std::string(kTower) + "post_layernorm." + part, DType::F32, {config.vision->hidden}});
  stream_sharded(folder, list, shard_bytes, [&](const TensorToStream& tensor) -> std::span<const std::byte> {
    if (const auto found = canonical.find(tensor.name); found != canonical.end())
      return bytes_of(found->second, tensor.shape);
    post_norm.assign(static_cast<size_t>(tensor.shape[0]), tensor.name.ends_with("weight") ? 1.0f : 0.0f);
    return std::as_bytes(std::span(post_norm));
  });
}

void copy_companions(const std::filesystem::path& from, const std::filesystem::path& folder) {
  for (const char* name : {"tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
                           "added_tokens.json", "chat_template.jinja", "chat_template.json", "generation_config.json",
                           "preprocessor_config.json", "processor_config.json"})
    if (std::filesystem::exists(from / name)) std::filesystem::copy_file(from / name, folder / name);
}

void make_empty_folder(const std::filesystem::path& folder) {
  std::error_code problem;
  if (std::filesystem::exists(folder, problem) &&
      (!std::filesystem::is_directory(folder, problem) || !std::filesystem::is_empty(folder, problem)))
    throw Error::in(folder.string(), "", "a new or an empty folder", "another");
  std::filesystem::create_directories(folder, problem);
  if (problem) throw Error(folder.string() + ": cannot be made: " + problem.message());
}

}  // namespace qvlm::demo
