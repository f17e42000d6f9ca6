// Writes a trained demo VLM as an ordinary Hugging Face checkpoint folder.
#pragma once

#include <filesystem>

namespace qvlm::demo {

/// Weights of a training checkpoint (vlm.safetensors), rounded to float16, under the names that LLaVA checkpoints on the hub have, in
/// shards of at most 12 MB with an index; the configuration files of model, processor and generation; and a copy of the tokenizer's files
/// where `tokenizer` lies in another folder. What is not trained (the tower's last layer and last norm) stays as it was initialised.
/// Throws Error: a file is absent or does not fit, a weight leaves float16's range.
void export_vlm(const std::filesystem::path& checkpoint, const std::filesystem::path& tokenizer, const std::filesystem::path& folder,
                uint64_t seed);

}  // namespace qvlm::demo
