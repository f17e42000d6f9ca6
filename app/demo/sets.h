// The sets that go with the demo VLM: calibration dialogues, held-out questions, sample pictures.
#pragma once

#include <filesystem>

#include "app/demo/world.h"

namespace qvlm::demo {

struct SetSizes {
  int calibration_examples = 96;
  int questions_per_category = 90;
  int sample_pictures = 8;
};

/// Writes into `folder`:
///   calibration/conversations.json  LLaVA conversations [{id, image | images, conversations: [{from, value}]}], and
///   its PNGs
///                                   (training split, seeds that training never uses)
///   questions/questions.jsonl       {"id", "images", "question", "answer", "category", "novel"} a line, and its PNGs;
///   shuffled
///                                   so that any first part is a fair sample of the categories (held-out split)
///   images/*.png                    sample pictures (held-out split)
/// Paths in the files are relative to the file's folder. Throws Error.
void write_sets(const World& world, const std::filesystem::path& folder, const SetSizes& sizes = {});

/// Calibration seeds start here; training must stay below.
inline constexpr uint64_t kFirstCalibrationSeed = 1ULL << 48;

}  // namespace qvlm::demo
