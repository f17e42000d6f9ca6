// The two stages of training the demo VLM: the tower on labelled patches, then everything on dialogues.
#pragma once

#include <cstdint>
#include <filesystem>

namespace qvlm::demo {

struct TrainOptions {
  std::filesystem::path folder;     // checkpoints and log
  std::filesystem::path tokenizer;  // tokenizer.model
  std::filesystem::path tower;      // stage vlm: the tower's checkpoint to start from
  double minutes = 10;              // of training time in all; the learning rate reaches zero at the end
  double learning_rate = 1e-3;
  int batch = 32;
  int questions = 8;                // a dialogue
  int threads = 2;                  // each computes parts of a step
  uint64_t seed = 1;
};

/// Pretrains the tower: object, colour and place of every patch from its feature, by linear heads. Writes FOLDER/tower.safetensors.
void train_tower(const TrainOptions& options);

/// Trains tower (at a lower rate), projector and decoder on the answers of dialogues. Writes FOLDER/vlm.safetensors.
void train_vlm(const TrainOptions& options);

/// Held-out accuracy of FOLDER/vlm.safetensors by category, with pictures and with blank ones.
void evaluate_vlm(const TrainOptions& options, int examples);

}  // namespace qvlm::demo
