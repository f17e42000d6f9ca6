// The quantized tower and projector of a run, and the file that work/ keeps them in until the run ends.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/lab/reference/projector.h"
#include "core/lab/reference/vision.h"
#include "core/model/quantized_matrix.h"
#include "core/model/vision_activation.h"

namespace qvlm::quantization {

/// What differs from the checkpoint; the rest is taken from it.
struct QuantizedVision {
  std::map<std::string, QuantizedMatrix> matrices;  // by canonical name: "vision.0.mlp.up.weight", "projector.0.weight"
  std::map<std::string, torch::Tensor> vectors;     // the layers' norms: "vision.0.attention_norm.bias"; [hidden], float32
  std::vector<VisionQuantizer> activations;         // one a site, or empty where the recipe keeps 16 bits

  /// Puts the dequantized matrices and the norms in the place of a float tower's (and projector's) own.
  void apply(reference::VisionTower& tower, reference::Projector& projector) const;
};

/// "vision.3.mlp.up"
std::string vision_name(int layer, std::string_view suffix);

/// Written beside its name, synced and renamed. Returns the hash of the file's bytes.
std::string write_vision(const std::filesystem::path& path, const QuantizedVision& vision);

/// Throws Error naming the file if it is cut, not such a file, or its bytes do not have this hash. `positions`: rows inside the tower.
QuantizedVision read_vision(const std::filesystem::path& path, const std::string& hash, int64_t positions);

}  // namespace qvlm::quantization
