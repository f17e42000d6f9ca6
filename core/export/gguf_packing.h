// From the planes of a .qvlm's decoder to the blocks that other readers of GGUF know.
#pragma once

#include <filesystem>

#include "core/model/gguf.h"
#include "core/model/model.h"

namespace qvlm {

/// Throws Error naming the first tensor whose grid no GGUF type gives exactly, or another reason why the decoder is no
/// `llama`.
void check_packable(const GgufFile& file);

/// Writes `to` as a GGUF file of the architecture `llama`: the keys of `model`, the matrices of `from` packed, every
/// other tensor as it is; reads it back and compares every value. Throws Error.
void pack_planes(const Model& model, const std::filesystem::path& from, const std::filesystem::path& to);
/// The same for the tower's file, in the mmproj layout.
void pack_vision_planes(const Model& model, const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace qvlm
