// Blocks and layers that a run has done already, as its journal tells: what is taken over when it is resumed or its partition edited.
#pragma once

#include <map>

#include "core/run/events.h"
#include "core/run/partition.h"

namespace qvlm::quantization {

/// Weight bits of the linears that read a site: its block's, or the recipe's where the block says none.
int bits_of_site(const Partition& partition, int site, int recipe_bits);

/// What earlier work of the same run may be taken over: blocks already searched, layers already written.
struct KnownResults {
  std::map<int, BlockSearched> blocks;   // by first site
  std::map<int, LayerQuantized> layers;  // by layer

  void add(const Event& event);
  /// The block was searched in this extent, on whatever stream.
  bool holds(const Block& block) const;
  /// Forgets blocks of other extents than the partition's.
  void keep_blocks_of(const Partition& partition);
  /// Forgets what no longer holds when `before` becomes `after`. Blocks behind the first change stay as candidates: they are taken over
  /// where their input stream turns out the same. Returns the first site whose result may change; the number of sites if there is none.
  int partition_changed(const Partition& before, const Partition& after, bool method_couples_sites);
};

}  // namespace qvlm::quantization
