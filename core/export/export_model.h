// Handing a quantized model to other programs: checked, written beside its place, read back, compared, renamed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/export/export_format.h"

namespace qvlm {

struct ExportedFile {
  std::filesystem::path path;
  int64_t bytes = 0;
  std::string hash;  // XXH3-128 of the content, read back from the disk
};

struct ExportOptions {
  bool allow_inexact = false;
  std::function<void(const ExportPlan&)> planned = {};  // called before anything is written or refused
  ExportWatch watch = {};
};

struct ExportReport {
  ExportPlan plan;
  std::vector<ExportedFile> files;  // of the folder, by name
  int64_t verified = 0;             // tensors read back and compared
};

/// What an export would be, without writing. Throws Error: no quantized model, damaged, an unknown format; Cancelled.
ExportPlan plan_export(const std::filesystem::path& model, const std::string& format, const ExportWatch& watch = {});

/// Writes the folder `out` with everything that the format's programs want, a README.txt, and qvlm-export.json (every verdict). Writes into
/// OUT.partial, dequantizes every tensor that was written and compares it with the model's (equal where the verdict says exact, else of the
/// loss that was told), then renames; whatever fails leaves nothing. `out` is new, empty, or an earlier export, which is replaced. Throws
/// Error: what plan_export refuses, a tensor that the format cannot hold (with its reason), inexact ones unless they are allowed, a disk
/// too small; Cancelled.
ExportReport export_model(const std::filesystem::path& model, const std::string& format, const std::filesystem::path& out,
                          const ExportOptions& options = {});

}  // namespace qvlm
