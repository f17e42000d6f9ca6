// A partition of the activation sites into blocks of consecutive sites: what Q-VLM searches jointly, and what the user edits.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace qvlm {

/// Longest block that the joint search takes (Q-VLM: 5^3 tuples).
inline constexpr int kMaxBlockDepth = 3;

/// Sites first..last, both included.
struct Block {
  int first = 0;
  int last = 0;
  bool locked = false;  // the greedy rule and re-partitioning leave it as it is
  int bits = 0;         // weights' bits of the linears reading its sites; 0: the recipe's
  int depth() const { return last - first + 1; }
  bool operator==(const Block&) const = default;
};

/// Blocks in order, covering every site exactly once. Value type; edits return false and change nothing where they are not legal.
struct Partition {
  std::vector<Block> blocks;

  int sites() const { return blocks.empty() ? 0 : blocks.back().last + 1; }
  int block_of(int site) const;
  /// A border between block and block + 1 moved so that block ends at `last`. Legal while both keep 1..kMaxBlockDepth sites and are unlocked.
  bool move_border(int block, int last);
  /// Splits the block that holds `site` behind that site.
  bool split_after(int site);
  /// Merges block and block + 1 if the result is at most kMaxBlockDepth deep and both are unlocked; the first one's bits stay.
  bool merge_with_next(int block);
  bool set_locked(int block, bool locked);
  bool set_bits(int block, int bits);
  bool operator==(const Partition&) const = default;
};

/// One block a site: the layer-wise baseline.
Partition layerwise_partition(int sites);

/// Q-VLM Eq. 7: from k_r extend k_s while D(k_r, k_s) > (k_s - k_r) h0 and the depth is at most kMaxBlockDepth. dependency[k] = D(k, k + 1),
/// [sites - 1]. Locked blocks of `keep` stay. `max_depth` 1..kMaxBlockDepth narrows the depth further.
Partition greedy_partition(std::span<const double> dependency, int sites, double threshold, const Partition& keep = {},
                           int max_depth = kMaxBlockDepth);

/// The partition that maximises gain * sum over pairs inside a block of (score[k] - threshold) / deviation - sum over blocks of
/// candidates^depth / candidates^max_depth, where deviation is the scores' standard deviation: what is gained by searching dependent sites
/// together against what the search costs (algorithms.md 1.4, "Partition" ii). Exact, by dynamic programming over the sites. Locked blocks of
/// `keep` stay. score[k] is of the pair (k, k + 1), [sites - 1].
Partition exact_partition(std::span<const double> score, int sites, double threshold, double gain, int candidates,
                          const Partition& keep = {}, int max_depth = kMaxBlockDepth);

/// Number of leading blocks that both partitions share (extent and bits): what an edit leaves untouched.
int common_blocks(const Partition& a, const Partition& b);

/// Throws Error naming `origin` unless the blocks cover 0..sites - 1 in order with legal depths.
void validate(const Partition& partition, int sites, const std::string& origin);

std::string to_json(const Partition& partition);
/// Strict: an unknown key, a wrong type, blocks that do not follow each other -> Error naming origin and key.
Partition partition_from_json(const std::string& text, const std::string& origin);
Partition read_partition(const std::filesystem::path& path);

}  // namespace qvlm
