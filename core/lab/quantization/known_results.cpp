// What a run's journal says is done, and what an edited partition takes back of it.
#include "core/lab/quantization/known_results.h"

#include <algorithm>

#include "core/model/sites.h"

namespace qvlm::quantization {

int bits_of_site(const Partition& partition, int site, int recipe_bits) {
  const Block& block = partition.blocks[static_cast<size_t>(partition.block_of(site))];
  return block.bits != 0 ? block.bits : recipe_bits;
}

void KnownResults::add(const Event& event) {
  if (const auto* block = std::get_if<BlockSearched>(&event)) blocks[block->first_site] = *block;
  if (const auto* layer = std::get_if<LayerQuantized>(&event)) layers[layer->layer] = *layer;
}

bool KnownResults::holds(const Block& block) const {
  const auto found = blocks.find(block.first);
  return found != blocks.end() && found->second.last_site == block.last;
}

void KnownResults::keep_blocks_of(const Partition& partition) {
  std::erase_if(blocks, [&](const auto& entry) {
    const Block& there = partition.blocks[static_cast<size_t>(partition.block_of(entry.first))];
    return there.first != entry.second.first_site || there.last != entry.second.last_site;
  });
}

int KnownResults::partition_changed(const Partition& before, const Partition& after, bool method_couples_sites) {
  const int sites = after.sites();
  const int common = common_blocks(before, after);
  int first = common < static_cast<int>(after.blocks.size()) ? after.blocks[static_cast<size_t>(common)].first : sites;
  for (int site = 0; site < sites && site < before.sites(); ++site) {
    if (bits_of_site(before, site, 0) == bits_of_site(after, site, 0)) continue;
    // What is rounded differs here, and with it all that the method ties to this site.
    const int begin = method_couples_sites ? site / kSitesPerLayer * kSitesPerLayer : site;
    const int end = method_couples_sites ? begin + kSitesPerLayer - 1 : site;
    for (auto it = blocks.begin(); it != blocks.end();) {
      const bool touched = it->second.first_site <= end && it->second.last_site >= begin;
      if (touched) first = std::min(first, it->second.first_site);
      it = touched ? blocks.erase(it) : std::next(it);
    }
    first = std::min(first, begin);
  }
  layers.erase(layers.lower_bound(first / kSitesPerLayer), layers.end());
  return first;
}

}  // namespace qvlm::quantization
