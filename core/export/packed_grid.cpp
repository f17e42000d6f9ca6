// The choice of grids.
#include "core/export/packed_grid.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace qvlm {

namespace {

constexpr int64_t kSmallestGroup = 32;

using Linears = std::vector<LinearGrid*>;

std::optional<int> width_for(int bits, const std::vector<int>& widths) {
  const auto found = std::find_if(widths.begin(), widths.end(), [&](int width) { return width >= bits; });
  return found == widths.end() ? std::nullopt : std::optional(*found);
}

/// The group that all rows divide into and that no linear's group is smaller than; 0: a row.
int64_t shared_group(const Linears& linears) {
  if (std::all_of(linears.begin(), linears.end(), [](const LinearGrid* one) { return one->group == one->columns; })) return 0;
  int64_t group = 128;
  for (const LinearGrid* one : linears)
    if (one->group != one->columns) group = std::min(group, one->group);
  for (const LinearGrid* one : linears)
    while (group > kSmallestGroup && one->columns % group != 0) group /= 2;
  return group;
}

void share_grid(const Linears& linears, const GridRules& rules) {
  if (linears.empty()) return;
  StoredGrid grid{0, shared_group(linears), rules.symmetric};
  for (const LinearGrid* one : linears) {
    grid.bits = std::max(grid.bits, width_for(one->bits, rules.code_bits).value_or(0));
    grid.symmetric = grid.symmetric && one->symmetric;
  }
  for (LinearGrid* one : linears) {
    one->grid = grid;
    if (grid.group > 0 && one->columns % grid.group != 0)
      one->obstacle = fmt::format("its rows of {} columns are no multiple of the model's groups of {}", one->columns, grid.group);
    else
      one->obstacle = rules.obstacle(one->rows, one->columns, grid.bits);
  }
}

std::string own_obstacle(const LinearGrid& one, const GridRules& rules) {
  if (!one.obstacle.empty()) return one.obstacle;
  if (!width_for(one.bits, rules.code_bits))
    return fmt::format("its codes have {} bits, and the format packs {}", one.bits, fmt::join(rules.code_bits, " or "));
  if (one.group != one.columns && one.group != 32 && one.group != 64 && one.group != 128)
    return fmt::format("its groups have {} columns, and the format's programs know 32, 64, 128 and rows", one.group);
  return rules.obstacle(one.rows, one.columns, *width_for(one.bits, rules.code_bits));
}

}  // namespace

std::string site_key(const std::string& canonical) {
  const std::string module = canonical.substr(0, canonical.rfind('.'));
  for (const char* fused : {".attention.query", ".attention.key", ".attention.value"})
    if (module.ends_with(fused)) return module.substr(0, module.find(".attention.")) + ".qkv";
  for (const char* fused : {".mlp.gate", ".mlp.up"})
    if (module.starts_with("decoder.") && module.ends_with(fused)) return module.substr(0, module.find(".mlp.")) + ".gate_up";
  return module;
}

void choose_grids(std::vector<LinearGrid>& linears, const std::vector<std::string>& plain, const GridRules& rules) {
  std::map<std::string, Linears> sites;
  for (LinearGrid& one : linears) {
    one.obstacle = own_obstacle(one, rules);
    sites[site_key(one.name)].push_back(&one);
  }
  const auto settle = [&] {  // what one linear of a site cannot, the others of the site do not
    for (auto& [key, site] : sites) {
      const auto blocked = std::find_if(site.begin(), site.end(), [](const LinearGrid* one) { return !one->obstacle.empty(); });
      const bool beside_plain = std::find(plain.begin(), plain.end(), key) != plain.end();
      if (blocked == site.end() && !beside_plain) continue;
      const std::string reason = blocked == site.end() ? "another linear of its site is not quantized, and runtimes fuse the site's linears"
                                                       : fmt::format("{} of its site cannot be packed ({}), and runtimes fuse the site's linears",
                                                                     (*blocked)->name, (*blocked)->obstacle);
      for (LinearGrid* one : site)
        if (one->obstacle.empty()) one->obstacle = reason;
    }
  };
  settle();
  const auto packed = [](const Linears& from) {
    Linears result;
    std::copy_if(from.begin(), from.end(), std::back_inserter(result), [](const LinearGrid* one) { return one->obstacle.empty(); });
    return result;
  };
  if (rules.differ) {
    for (auto& [key, site] : sites) share_grid(packed(site), rules);
  } else {
    Linears all;
    for (LinearGrid& one : linears) all.push_back(&one);
    share_grid(packed(all), rules);
  }
  settle();
}

}  // namespace qvlm
