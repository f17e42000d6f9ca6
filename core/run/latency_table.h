// How long the decoder's matrices take on the device that is going to run the model, by shape and grid: measured by `qvlm bench
// --latency-table`, read by a quantization run that has a budget in milliseconds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace qvlm {

/// One decoded token's product with one matrix. The linears that read one site run as one matrix, rows below rows.
struct LatencyRow {
  int64_t rows = 0, columns = 0;
  int bits = 0;       // as stored, 2..8; what a kernel executes may be wider (gpu/packing.h), which the time then shows
  int64_t group = 0;  // columns a group, never 0
  bool symmetric = false;
  double milliseconds = 0;
  bool operator==(const LatencyRow&) const = default;
};

struct LatencyTable {
  std::string device;            // that it was measured on
  double rest_milliseconds = 0;  // of one decoded token, everything but these matrices
  std::vector<LatencyRow> rows;  // a shape on a grid that no kernel runs has no row

  /// `group` 0: one group a row. Nothing where the table has no such row.
  std::optional<double> find(int64_t rows, int64_t columns, int bits, int64_t group, bool symmetric) const;
  bool operator==(const LatencyTable&) const = default;
};

std::string to_json(const LatencyTable& table);  // pretty-printed
/// Strict: unknown or missing key, wrong type, times that are not positive, a row twice -> Error naming origin and key.
LatencyTable latency_table_from_json(const std::string& text, const std::string& origin);
LatencyTable read_latency_table(const std::filesystem::path& path);

}  // namespace qvlm
