// Published shapes: LLaVA-1.5 (Vicuna and CLIP ViT-L/14 at 336), Qwen2.5-VL-3B's and SmolVLM-256M's decoders, TinyLlama; and the demo VLM's.
#include "core/model/named_shapes.h"

#include <algorithm>

#include "core/base/error.h"

namespace qvlm {
namespace {

struct Named {
  const char* name;
  DecoderConfig decoder;
  VisionConfig vision;  // hidden 0: none
};

DecoderConfig decoder(int hidden, int ffn, int layers, int heads, int kv_heads, int head_dim, int vocabulary, int context, float theta) {
  DecoderConfig d;
  d.hidden = hidden, d.ffn = ffn, d.layers = layers, d.heads = heads, d.kv_heads = kv_heads, d.head_dim = head_dim;
  d.vocabulary = vocabulary, d.context_length = context, d.rope_theta = theta;
  return d;
}

VisionConfig tower(int hidden, int ffn, int layers, int heads, int image_size, int patch_size) {
  VisionConfig v;
  v.hidden = hidden, v.ffn = ffn, v.file_layers = layers, v.heads = heads, v.image_size = image_size, v.patch_size = patch_size;
  v.layers = layers - 1;  // LLaVA takes the feature before the last one
  return v;
}

std::vector<Named> table() {
  const VisionConfig clip = tower(1024, 4096, 24, 16, 336, 14);
  std::vector<Named> shapes{{"llava-7b", decoder(4096, 11008, 32, 32, 32, 128, 32064, 4096, 10000), clip},
                            {"llava-13b", decoder(5120, 13824, 40, 40, 40, 128, 32064, 4096, 10000), clip},
                            {"qwen2.5-vl-3b", decoder(2048, 11008, 36, 16, 2, 128, 151936, 32768, 1e6f), {}},
                            {"smolvlm-256m", decoder(576, 1536, 30, 9, 3, 64, 49280, 8192, 1e5f), {}},
                            {"tinyllama-1.1b", decoder(2048, 5632, 22, 32, 4, 64, 32000, 2048, 10000), {}},
                            {"demo", decoder(256, 512, 12, 4, 2, 64, 1024, 2048, 10000), tower(256, 768, 5, 4, 128, 16)}};
  shapes[2].decoder.attention_bias = shapes[2].decoder.tied_head = true;
  return shapes;
}

}  // namespace

std::vector<std::string> shape_names() {
  std::vector<std::string> names;
  for (const Named& named : table()) names.emplace_back(named.name);
  return names;
}

VlmConfig shape_named(std::string_view name) {
  const std::vector<Named> shapes = table();
  const auto found = std::find_if(shapes.begin(), shapes.end(), [&](const Named& named) { return named.name == name; });
  if (found == shapes.end()) {
    std::string known;
    for (const Named& named : shapes) known += (known.empty() ? "" : ", ") + std::string(named.name);
    throw Error::in("shape", "name", "one of " + known, std::string(name));
  }
  VlmConfig config;
  config.name = found->name;
  config.decoder = found->decoder;
  config.family = "llama";
  if (found->vision.hidden == 0) return config;
  config.family = "llava";
  config.vision = found->vision;
  config.projector = {found->decoder.hidden, Activation::GELU, true};
  config.preprocess.size = config.preprocess.shortest_edge = found->vision.image_size;
  return config;
}

}  // namespace qvlm
