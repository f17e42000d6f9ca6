// A zip file whose entries are stored without compression, as torch.save writes it: names and byte ranges.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

namespace qvlm {

/// The entries of a zip archive (with zip64) that lies in `bytes`. Every offset and size is checked; throws Error
/// naming `file` and entry: not a zip, cut, compressed, encrypted, overlapping the end.
std::map<std::string, std::span<const std::byte>> read_stored_zip(std::span<const std::byte> bytes,
                                                                  const std::string& file);

}  // namespace qvlm
