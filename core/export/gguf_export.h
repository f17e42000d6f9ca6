// Handing a quantized model to other programs as the plain GGUF pair that it consists of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace qvlm {

struct ExportedFile {
  std::filesystem::path path;
  int64_t bytes = 0;
  std::string hash;  // XXH3-128 of the content, read back from the disk
};

struct ExportReport {
  std::vector<ExportedFile> files;
  std::vector<std::string> types;  // "84 tensors Q4_0", ...
  std::vector<std::string> notes;  // where another program would answer differently
};

/// Writes the two GGUF files of NAME.qvlm into the folder `out` as NAME.gguf and NAME-mmproj.gguf with a README.txt,
/// reads them back and compares. A plain pair is copied; weights kept in planes are packed into the smallest block type
/// that gives every value exactly (4 bits with a zero point: Q4_1). Throws Error: no quantized model, a grid that no
/// GGUF type holds (naming tensor and reason), not writable.
ExportReport export_gguf(const std::filesystem::path& folder, const std::filesystem::path& out);

}  // namespace qvlm
