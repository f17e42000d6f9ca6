// Writing Hugging Face checkpoint folders of any model of the known building blocks, one tensor in memory at a time.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "core/model/tensor.h"
#include "core/model/vlm_config.h"

namespace qvlm::demo {

/// A tensor's elements, row-major, of the type that is written; must live until the next call.
using TensorBytes = std::function<std::span<const std::byte>(const std::string& canonical, const Shape& shape)>;

/// model*.safetensors with every tensor of `config`, and the tower's last norm (ones and zeros), which transformers
/// looks for and LLaVA does not use. Throws Error.
void write_weights(const std::filesystem::path& folder, const VlmConfig& config, DType dtype, int64_t shard_bytes,
                   const TensorBytes& bytes_of);

/// Copies what stands beside the weights of a checkpoint (tokenizer, preprocessing, template). Throws Error.
void copy_companions(const std::filesystem::path& from, const std::filesystem::path& folder);

/// Throws Error unless the folder is absent or empty; makes it.
void make_empty_folder(const std::filesystem::path& folder);

}  // namespace qvlm::demo
