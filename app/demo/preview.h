// Pictures of the demo world to look at: a contact sheet, with the dialogues as text.
#pragma once

#include <cstdint>
#include <filesystem>

#include "app/demo/world.h"

namespace qvlm::demo {

/// Writes DIR/sheet.png (columns x rows pictures of consecutive seeds, magnified), DIR/dialogues.txt (what they show,
/// with eight questions each) and DIR/prompts.jsonl ({"seed", "text"}: World::example(seed, split, 7) as training
/// text). Throws Error.
void write_preview(const World& world, const std::filesystem::path& folder, uint64_t first_seed, Split split,
                   int columns, int rows, int magnification);

}  // namespace qvlm::demo
