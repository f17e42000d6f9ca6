// Which linears a format packs, and on which grid: the part of a plan that looks at several linears together.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/export/export_format.h"

namespace qvlm {

/// A quantized linear as the choice sees it.
struct LinearGrid {
  std::string name;  // canonical
  int64_t rows = 0, columns = 0;
  int bits = 0;
  int64_t group = 0;  // of the matrix: columns for one group a row
  bool symmetric = false;
  std::string obstacle;  // why it cannot be packed; empty: it can
  StoredGrid grid = {};  // chosen, where it can
};

struct GridRules {
  std::vector<int> code_bits;  // ascending
  bool differ = false;         // from site to site
  bool symmetric = false;      // grids without zero points are told apart
  std::function<std::string(int64_t rows, int64_t columns, int bits)> obstacle;
};

/// Linears that a runtime fuses have one key: "decoder.3.qkv", "decoder.3.gate_up"; every other its own.
std::string site_key(const std::string& canonical);

/// Fills grid and obstacle of each linear. `plain` are the sites that have a linear without a grid. A group is 32, 64, 128 or a row; linears that share a
/// grid take the smallest group of theirs and the width that holds all their codes.
void choose_grids(std::vector<LinearGrid>& linears, const std::vector<std::string>& plain, const GridRules& rules);

}  // namespace qvlm
