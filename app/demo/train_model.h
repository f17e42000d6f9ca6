// The demo VLM as it is trained: its configuration, its parameters (fused where that is faster) and its forward pass in bfloat16.
#pragma once

#include <torch/types.h>

#include "app/demo/train_parameters.h"
#include "core/lab/reference/rotary.h"
#include "core/model/vlm_config.h"

namespace qvlm::demo {

/// A small LLaVA: CLIP-style tower, two-layer projector, Llama decoder.
VlmConfig demo_config();

/// Declares the tower's parameters under canonical names, but that query, key and value are one:
/// vision.N.attention.qkv.{weight,bias} [3 * hidden, hidden]; vision.patch.weight is [hidden, 3 * patch * patch].
void add_tower(ParameterStore& parameters, const VisionConfig& config, uint64_t seed);

/// Declares projector and decoder; decoder.N.attention.qkv.weight [(heads + 2 kv_heads) * head_dim, hidden],
/// decoder.N.mlp.gate_up.weight [2 * ffn, hidden].
void add_decoder(ParameterStore& parameters, const VlmConfig& config, uint64_t seed);

/// The tower, all layers that run. patches [n * patches, 3 * patch * patch] bfloat16 -> features [n * patches, hidden].
torch::Tensor tower_forward(const ParameterStore& parameters, const VisionConfig& config, const torch::Tensor& patches);

/// The projector. [rows, vision hidden] -> [rows, decoder hidden]
torch::Tensor projector_forward(const ParameterStore& parameters, const torch::Tensor& features);

/// The decoder up to (not including) its final norm. source [batch * tokens] as fused_embed takes it -> [batch * tokens, hidden].
torch::Tensor decoder_forward(const ParameterStore& parameters, const DecoderConfig& config, const reference::RotaryTable& rotary,
                              const torch::Tensor& source, const torch::Tensor& images, int64_t batch, int64_t tokens);

/// Final norm and head. [rows, hidden] -> [rows, vocabulary]
torch::Tensor head_forward(const ParameterStore& parameters, const DecoderConfig& config, const torch::Tensor& hidden);

}  // namespace qvlm::demo
