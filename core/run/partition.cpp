// Partition: the user's edits, the greedy rule of Q-VLM, and its JSON form.
#include "core/run/partition.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "core/base/error.h"
#include "core/run/json_fields.h"

namespace qvlm {
namespace {

bool legal_bits(int bits) { return bits == 0 || (bits >= 2 && bits <= 8); }

}  // namespace

int Partition::block_of(int site) const {
  for (size_t b = 0; b < blocks.size(); ++b) {
    if (site >= blocks[b].first && site <= blocks[b].last) return static_cast<int>(b);
  }
  return -1;
}

bool Partition::move_border(int block, int last) {
  if (block < 0 || block + 1 >= static_cast<int>(blocks.size())) return false;
  Block& left = blocks[block];
  Block& right = blocks[block + 1];
  if (left.locked || right.locked || last < left.first || last >= right.last) return false;
  if (last - left.first + 1 > kMaxBlockDepth || right.last - last > kMaxBlockDepth) return false;
  left.last = last;
  right.first = last + 1;
  return true;
}

bool Partition::split_after(int site) {
  const int block = block_of(site);
  if (block < 0 || blocks[block].locked || blocks[block].last == site) return false;
  Block right = blocks[block];
  right.first = site + 1;
  blocks[block].last = site;
  blocks.insert(blocks.begin() + block + 1, right);
  return true;
}

bool Partition::merge_with_next(int block) {
  if (block < 0 || block + 1 >= static_cast<int>(blocks.size())) return false;
  const Block& right = blocks[block + 1];
  if (blocks[block].locked || right.locked || blocks[block].depth() + right.depth() > kMaxBlockDepth) return false;
  blocks[block].last = right.last;
  blocks.erase(blocks.begin() + block + 1);
  return true;
}

bool Partition::set_locked(int block, bool locked) {
  if (block < 0 || block >= static_cast<int>(blocks.size())) return false;
  blocks[block].locked = locked;
  return true;
}

bool Partition::set_bits(int block, int bits) {
  if (block < 0 || block >= static_cast<int>(blocks.size()) || !legal_bits(bits)) return false;
  blocks[block].bits = bits;
  return true;
}

Partition layerwise_partition(int sites) {
  Partition partition;
  for (int site = 0; site < sites; ++site) partition.blocks.push_back({site, site});
  return partition;
}

namespace {

const Block* locked_block_at(const Partition& keep, int site) {
  const int block = keep.block_of(site);
  return block >= 0 && keep.blocks[block].locked ? &keep.blocks[block] : nullptr;
}

void check_scores(std::span<const double> scores, int sites) {
  if (static_cast<int>(scores.size()) >= sites - 1) return;
  throw Error::in("partition", "dependency", std::to_string(sites - 1) + " values", std::to_string(scores.size()));
}

}  // namespace

Partition greedy_partition(std::span<const double> dependency, int sites, double threshold, const Partition& keep,
                           int max_depth) {
  check_scores(dependency, sites);
  max_depth = std::clamp(max_depth, 1, kMaxBlockDepth);
  Partition partition;
  for (int first = 0; first < sites;) {
    Block block{first, first};
    if (const Block* locked = locked_block_at(keep, first)) {
      block = *locked;
    } else {
      double sum = 0;  // D(first, last + 1)
      while (block.last + 1 < sites && block.depth() < max_depth && locked_block_at(keep, block.last + 1) == nullptr) {
        sum += dependency[block.last];
        if (!(sum > (block.last + 1 - first) * threshold)) break;
        ++block.last;
      }
    }
    partition.blocks.push_back(block);
    first = block.last + 1;
  }
  return partition;
}

Partition exact_partition(std::span<const double> score, int sites, double threshold, double gain, int candidates, const Partition& keep,
                          int max_depth) {
  check_scores(score, sites);
  max_depth = std::clamp(max_depth, 1, kMaxBlockDepth);
  double mean = 0, square = 0;
  for (int k = 0; k + 1 < sites; ++k) mean += score[k] / std::max(sites - 1, 1);
  for (int k = 0; k + 1 < sites; ++k) square += (score[k] - mean) * (score[k] - mean) / std::max(sites - 1, 1);
  const double deviation = square > 0 ? std::sqrt(square) : 1;  // scores that do not differ are worth nothing above their mean
  const auto value_of = [&](const Block& block) {
    double excess = 0;
    for (int k = block.first; k < block.last; ++k) excess += (score[k] - threshold) / deviation;
    return gain * excess - std::pow(candidates, block.depth() - max_depth);
  };
  // best[s]: the greatest value of the sites before s, whose last block is last[s].
  std::vector<double> best(static_cast<size_t>(sites) + 1, -std::numeric_limits<double>::infinity());
  std::vector<Block> last(static_cast<size_t>(sites) + 1);
  best[0] = 0;
  for (int first = 0; first < sites; ++first) {
    const double before = best[static_cast<size_t>(first)];
    if (std::isinf(before)) continue;  // inside a locked block
    const auto offer = [&](const Block& block) {
      const auto end = static_cast<size_t>(block.last) + 1;
      if (before + value_of(block) <= best[end]) return;
      best[end] = before + value_of(block);
      last[end] = block;
    };
    if (const Block* locked = locked_block_at(keep, first)) {
      offer(*locked);
      continue;
    }
    for (int end = first; end < sites && end - first < max_depth && !locked_block_at(keep, end); ++end) offer({first, end});
  }
  Partition partition;
  for (int end = sites; end > 0; end = partition.blocks.back().first) partition.blocks.push_back(last[static_cast<size_t>(end)]);
  std::reverse(partition.blocks.begin(), partition.blocks.end());
  return partition;
}

int common_blocks(const Partition& a, const Partition& b) {
  const size_t most = std::min(a.blocks.size(), b.blocks.size());
  size_t count = 0;
  while (count < most && a.blocks[count].first == b.blocks[count].first &&
         a.blocks[count].last == b.blocks[count].last && a.blocks[count].bits == b.blocks[count].bits) {
    ++count;
  }
  return static_cast<int>(count);
}

void validate(const Partition& partition, int sites, const std::string& origin) {
  int next = 0;
  for (size_t b = 0; b < partition.blocks.size(); ++b) {
    const Block& block = partition.blocks[b];
    const std::string field = "blocks[" + std::to_string(b) + "]";
    if (block.first != next) {
      throw Error::in(origin, field + ".first", std::to_string(next), std::to_string(block.first));
    }
    if (block.last < block.first || block.depth() > kMaxBlockDepth) {
      throw Error::in(origin, field + ".last",
                      std::to_string(block.first) + " to " + std::to_string(block.first + kMaxBlockDepth - 1),
                      std::to_string(block.last));
    }
    if (!legal_bits(block.bits)) {
      throw Error::in(origin, field + ".bits", "2 to 8, or 0 for the recipe's", std::to_string(block.bits));
    }
    next = block.last + 1;
  }
  if (next != sites) throw Error::in(origin, "blocks", std::to_string(sites) + " sites", std::to_string(next));
}

std::string to_json(const Partition& partition) {
  json_fields::Json root;
  root["blocks"] = json_fields::Json::array();
  for (const Block& block : partition.blocks) {
    json_fields::Json object;
    object["first"] = block.first;
    object["last"] = block.last;
    if (block.locked) object["locked"] = true;
    if (block.bits != 0) object["bits"] = block.bits;
    root["blocks"].push_back(std::move(object));
  }
  return root.dump();
}

Partition partition_from_json(const std::string& text, const std::string& origin) {
  const json_fields::Json root = json_fields::parse(text, origin);
  json_fields::Reader reader(root, origin, true);
  const json_fields::Json* blocks = reader.take("blocks");
  reader.finish();
  if (!blocks->is_array()) throw Error::in(origin, "blocks", "an array", blocks->type_name());
  Partition partition;
  for (const auto& element : *blocks) {
    json_fields::Reader fields(element, origin + ": blocks[" + std::to_string(partition.blocks.size()) + "]", false);
    Block block{-1, -1};
    fields("first", block.first);
    fields("last", block.last);
    fields("locked", block.locked);
    fields("bits", block.bits);
    fields.finish();
    partition.blocks.push_back(block);
  }
  validate(partition, partition.sites(), origin);
  return partition;
}

Partition read_partition(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw Error(path.string() + ": cannot be opened");
  std::stringstream text;
  text << file.rdbuf();
  return partition_from_json(text.str(), path.string());
}

}  // namespace qvlm
