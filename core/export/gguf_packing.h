// From the planes of a .qvlm to the blocks that other readers of GGUF know.
#pragma once

#include <filesystem>

#include "core/export/export_format.h"

namespace qvlm {

/// The smallest block type that gives every value of a matrix (4 bits with a zero point: Q4_1); where none does, inexact: Q8_0 of the
/// dequantized weights, or F16 where rows are no multiple of 32. Plain tensors stay as they are.
TensorVerdict gguf_verdict(const std::string& canonical, const Weight& weight);

/// Writes `to` as a GGUF file of the architecture `llama`: the keys of `model`, its matrices as the plan has them, every other tensor of
/// `from` as it is. Throws Error.
void pack_planes(const Model& model, const ExportPlan& plan, const std::filesystem::path& from, const std::filesystem::path& to,
                 const ExportWatch& watch);
/// The same for the tower's file, in the mmproj layout.
void pack_vision_planes(const Model& model, const ExportPlan& plan, const std::filesystem::path& from, const std::filesystem::path& to,
                        const ExportWatch& watch);

}  // namespace qvlm
