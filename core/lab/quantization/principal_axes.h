// The principal axes of the residual stream: along them what all layers read is gathered in few channels, which per-channel scales can then
// even out. A rotation by them costs nothing when the model runs; rotations at random (QuaRot) spread the same energy over all channels, where
// no scale can tell it apart.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/lab/calibration/batches.h"
#include "core/lab/reference/threads.h"
#include "core/model/model.h"

namespace qvlm::quantization {

struct PrincipalAxes {
  torch::Tensor axes;         // [hidden, hidden], float32: one a column
  std::vector<float> shares;  // [hidden]: of the energy along each, falling; sum 1
};

/// Eigenvectors of the mean second moment of what the decoder's sublayers read, over all layers, both sublayers and all tokens of the batches.
/// The model's norms must have no gains (RotationMode::FOLD): then every token counts the same. The largest component of each axis is positive.
/// `on_layer` hears how many layers are done; may throw Cancelled. Throws Error naming the layer where activations are not finite.
PrincipalAxes principal_axes(const Model& model, const calibration::Batches& batches, const reference::Workers& workers,
                             const std::function<void(int layers_done)>& on_layer);

/// Written beside its name, synced and renamed. Returns the hash of the file's bytes.
std::string write_axes(const std::filesystem::path& path, const torch::Tensor& axes);

/// [hidden, hidden]. Throws Error naming the file if it is cut, not such a file, or of another width.
torch::Tensor read_axes(const std::filesystem::path& path, int64_t hidden);

}  // namespace qvlm::quantization
