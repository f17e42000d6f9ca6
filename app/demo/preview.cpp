// Contact sheets.
#include "app/demo/preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/demo/prompt_ids.h"
#include "app/demo/small_png.h"
#include "core/base/error.h"

namespace qvlm::demo {

void write_preview(const World& world, const std::filesystem::path& folder, uint64_t first_seed, Split split,
                   int columns, int rows, int magnification) {
  std::filesystem::create_directories(folder);
  const int cell = kPictureSize * magnification + 4;
  Image sheet{columns * cell, rows * cell, {}};
  sheet.rgb.assign(static_cast<size_t>(sheet.width * sheet.height) * 3, 90);
  std::ofstream text(folder / "dialogues.txt"), prompts(folder / "prompts.jsonl");
  for (int i = 0; i < columns * rows; ++i) {
    const Example example = world.example(first_seed + static_cast<uint64_t>(i), split, 8, 1);
    const Image& image = example.images[0];
    const uint64_t seed = first_seed + static_cast<uint64_t>(i);
    prompts << nlohmann::json({{"seed", seed}, {"text", dialogue_text(world.example(seed, split, 7))}}).dump() << "\n";
    for (int y = 0; y < kPictureSize * magnification; ++y) {
      for (int x = 0; x < kPictureSize * magnification; ++x) {
        const auto from = static_cast<size_t>(y / magnification * kPictureSize + x / magnification) * 3;
        const auto to = static_cast<size_t>((i / columns * cell + y) * sheet.width + i % columns * cell + x) * 3;
        std::copy_n(&image.rgb[from], 3, &sheet.rgb[to]);
      }
    }
    text << fmt::format("picture {} (row {}, column {})\n", i, i / columns, i % columns);
    for (const Object& object : example.scenes[0].objects) {
      text << "  * " << name_of(object.thing) << " @ " << kPlaceNames[static_cast<size_t>(object.place)] << "\n";
    }
    for (const Turn& turn : example.turns) {
      text << fmt::format("  [{}{}] {} -> {}\n", category_name(turn.category), turn.novel ? ", novel" : "",
                          turn.question, turn.answer);
    }
  }
  write_small_png(sheet, folder / "sheet.png");
  if (!text.flush() || !prompts.flush())
    throw Error::in(folder.string(), "", "a folder that can be written", "an error");
}

}  // namespace qvlm::demo
