// One layer of the vision tower, quantized: SmoothQuant's scales folded into its norms, weights on their grids, activation ranges
// (Xiao et al. 2023; algorithms.md 2.2 clip, 2.3).
#pragma once

#include <torch/types.h>

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/lab/quantization/block_search.h"
#include "core/lab/quantization/weight_quantizer.h"
#include "core/lab/reference/threads.h"
#include "core/lab/reference/vision.h"
#include "core/model/quantized_matrix.h"
#include "core/model/vision_activation.h"
#include "core/run/recipe.h"

namespace qvlm::quantization {

/// SmoothQuant's migration strengths that are tried; besides them, no smoothing at all.
inline constexpr std::array<double, 7> kSmoothAlphas{0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
/// Clip ratios that are tried at each activation site.
inline constexpr std::array<float, 5> kVisionClips{1.0f, 0.95f, 0.9f, 0.85f, 0.8f};

/// The grid of the tower's linears: 8 bits symmetric with one scale a row, 4 bits asymmetric in the recipe's groups.
WeightGrid vision_grid(const Recipe& recipe);

/// The suffixes of the tower's linears that read a site: as the decoder's, without a gate.
std::vector<std::string> vision_linears_of(SiteKind kind);

/// s_j = (max_t |X_tj|)^alpha / (max_o |W_oj|)^(1 - alpha), both maxima at least 1e-5, s within 1e-5 .. 1e5. activation_max, weight_max
/// [width] -> [width]. Activations are divided by s, weights' columns multiplied.
torch::Tensor smoothing_scales(const torch::Tensor& activation_max, const torch::Tensor& weight_max, double alpha);

struct QuantizedVisionLayer {
  reference::VisionLayer layer;                       // as it runs, in float32: weights dequantized, scales folded into the norms
  std::map<std::string, QuantizedMatrix> matrices;    // by canonical suffix: "attention.query", ..., "mlp.down"
  std::array<VisionQuantizer, kSitesPerLayer> activations;  // inactive where the recipe keeps 16 bits
  std::array<double, 2> alphas{-1, -1};               // chosen for the attention input and the mlp input; -1: no smoothing
  Deviation weights;                                  // rounding error of all linears' weights
  torch::Tensor float_output, quantized_output;       // [pictures, positions, hidden]: both streams behind the layer
};

/// `float_input` and `quantized_input`: the layer's input on both paths, [pictures, positions, hidden]. Scales, weight clips and clip ratios
/// are chosen by the squared error of the half layer's output (attention or MLP, with its residual) against the float path's over the first
/// `recipe.search_samples` pictures; static ranges are taken over all pictures. Throws Error naming `name` ("vision.3") and the tensor: not
/// finite, a group that does not divide its rows.
QuantizedVisionLayer quantize_vision_layer(const VisionConfig& config, const reference::VisionLayer& layer, int layer_index, const Recipe& recipe,
                                           const torch::Tensor& float_input, const torch::Tensor& quantized_input, const std::string& name,
                                           const reference::Workers& workers);

/// f of x [pictures, ...] in chunks of a few pictures, side by side; the results one behind the other.
torch::Tensor by_pictures(const reference::Workers& workers, const torch::Tensor& x, const std::function<torch::Tensor(const torch::Tensor&)>& f);

}  // namespace qvlm::quantization
