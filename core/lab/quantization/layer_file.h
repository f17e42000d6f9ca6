// One finished decoder layer of a run, as work/ keeps it until the run ends.
#pragma once

#include <torch/types.h>

#include <array>
#include <filesystem>
#include <map>
#include <string>

#include "core/lab/reference/decoder.h"
#include "core/model/activation_quantizer.h"
#include "core/model/quantized_matrix.h"
#include "core/model/sites.h"

namespace qvlm::quantization {

struct QuantizedLayer : reference::LayerVectors {  // float32
  int index = 0;
  std::map<std::string, QuantizedMatrix> matrices;      // by canonical suffix, all seven
  std::array<reference::SiteTransform, kSitesPerLayer> transforms;  // by SiteKind, float32; all active or none
  std::array<ActivationQuantizer, kSitesPerLayer> activations;
  std::array<float, kSitesPerLayer> parameters{1, 1, 1, 1};  // what the search chose

  /// The layer as it runs, in float32.
  reference::DecoderLayer dequantize() const;
};

/// Written beside its name, synced and renamed. Returns the hash of the file's bytes.
std::string write_layer(const std::filesystem::path& path, const QuantizedLayer& layer);

/// Throws Error naming the file if it is cut, not such a file, or its bytes do not have this hash (empty: not checked).
QuantizedLayer read_layer(const std::filesystem::path& path, const std::string& hash);

std::string hash_of_file(const std::filesystem::path& path);

}  // namespace qvlm::quantization
