// Names, weights and companions of a checkpoint folder.
#include "app/demo/checkpoint_folder.h"

#include <map>
#include <vector>

#include "core/base/error.h"
#include "core/model/families/saved_names.h"
#include "core/model/model.h"
#include "core/model/safetensors.h"

namespace qvlm::demo {

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
      list.push_back({std::string(kSavedTower) + "post_layernorm." + part, DType::F32, {config.vision->hidden}});
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
