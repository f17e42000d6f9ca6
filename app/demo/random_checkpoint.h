// Checkpoints of random weights in the exact shapes of published models: for memory, time and format, not for answers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace qvlm::demo {

struct RandomCheckpoint {
  std::string shape = "llava-7b";      // of core/model/named_shapes.h, with LLaVA's tower
  int layers = 0;                      // of the decoder; 0: as the shape has
  uint64_t seed = 0;
  std::filesystem::path folder;  // absent or empty
};

/// Writes config.json, preprocessor_config.json, a small tokenizer (the demo's) and float16 shards of at most 5 GB,
/// streamed: a few MB are in memory. Weights are normal with deviation 0.7 / sqrt(inputs), taken from a table of 2^20
/// normal numbers at a random place for each stretch of 4096; norms are ones, biases zero. Throws Error.
void make_random_checkpoint(const RandomCheckpoint& wanted);

}  // namespace qvlm::demo
