// Pictures of the demo world to look at: a contact sheet, with the dialogues as text.
#pragma once

#include <cstdint>
#include <filesystem>

#include "app/demo/world.h"

namespace qvlm::demo {

/// Writes DIR/sheet.png (columns x rows pictures of consecutive seeds, magnified) and DIR/dialogues.txt. Throws Error.
void write_preview(const World& world, const std::filesystem::path& folder, uint64_t first_seed, Split split, int columns,
                   int rows, int magnification);

}  // namespace qvlm::demo
