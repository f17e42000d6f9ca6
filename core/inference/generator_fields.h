// The JSON fields of what every event about a generator carries.
#pragma once

#include "core/inference/generator.h"

namespace qvlm {

template <class V>
void fields(V& visit, GeneratorInfo& info) {
  visit("backend", info.backend);
  visit("device", info.device);
  visit.optional("driver", info.driver);
  visit("weight_bits", info.weight_bits);
  visit("activation_bits", info.activation_bits);
  visit.optional("kv_bits", info.kv_bits);
  visit.optional("kv_bytes", info.kv_bytes);
  visit.optional("vision_weight_bits", info.vision_weight_bits);
  visit.optional("vision_activation_bits", info.vision_activation_bits);
  visit.optional("activation_note", info.activation_note);
  visit("weight_bytes", info.weight_bytes);
  visit.optional("step_weight_bytes", info.step_weight_bytes);
  visit("total_bytes", info.total_bytes);
}

template <class V>
void fields(V& visit, SamplingParameters& sampling) {
  visit.optional("temperature", sampling.temperature);
  visit.optional("top_k", sampling.top_k);
  visit.optional("top_p", sampling.top_p);
  visit.optional("repetition_penalty", sampling.repetition_penalty);
  visit.optional("seed", sampling.seed);
}

}  // namespace qvlm
