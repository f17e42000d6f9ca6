// A new run that takes over what another one of the same recipe, model and data has measured and searched: an edit after a run (DESIGN 5).
#pragma once

#include <filesystem>

namespace qvlm {

/// Makes the folder `partial` an unfinished run that a resumption takes up: the recipe of `run` (NAME.qvlm or NAME.qvlm.partial), and its
/// journal without its end and without what names files that are not taken along. The resumption, given an edited partition, takes over
/// every block whose input stream is still the same, so that its result is that of a fresh run.
/// Throws Error naming the file: no journal or recipe there, a journal that cannot be read, `partial` exists already.
void begin_from(const std::filesystem::path& run, const std::filesystem::path& partial);

}  // namespace qvlm
