// The last step of a run: the written layers and the source's other tensors become the two GGUF files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/lab/quantization/quantized_vision.h"
#include "core/model/model.h"
#include "core/run/partition.h"
#include "core/run/recipe.h"

namespace qvlm::quantization {

struct OutputSizes {
  int64_t stored_bytes = 0;  // of both files' tensors
  double stored_bits = 0;    // a weight over the decoder's linears, with scales and zeros
};

/// Where the model comes from, for its qvlm.* keys.
struct Provenance {
  std::string rotation;            // what the recipe's rotation did; empty: none
  std::string source_fingerprint;  // of the full-precision model as it was given
};

/// Writes model.gguf, vision.gguf and the tokenizer's files into `folder` from work/layer_N (whose hashes are checked) and `vision`, reads them back
/// and returns the sizes that the files have. `on_layer` hears how many layers are done.
OutputSizes write_output(const Model& source, const Provenance& provenance, const Recipe& recipe, const Partition& partition,
                         const QuantizedVision& vision, const std::filesystem::path& folder,
                         const std::function<std::string(int layer)>& hash_of_layer, const std::function<void(int done)>& on_layer);

}  // namespace qvlm::quantization
