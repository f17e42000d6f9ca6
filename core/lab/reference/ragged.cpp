// Attention with a mask a sequence; all else is the decoder's own.
#include "core/lab/reference/ragged.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/lab/reference/functions.h"

namespace qvlm::reference {

namespace {

/// Where the rows of a batch stand.
struct Places {
  int64_t rows = 0, tokens = 0;  // tokens: columns that any row may see
  int64_t uniform = -1;          // every sequence starts here; -1: they differ
  RotaryTable rotary;            // [sequences, 1, rows, head_dim]
  torch::Tensor columns;         // [sequences, 1, rows, 1] int64: where keys and values are written
  torch::Tensor hidden;          // [sequences, 1, 1, rows, tokens] bool: not seen; undefined where all is seen

  Places(const LoadedModel& model, const std::vector<int64_t>& starts, int64_t count);
};

Places::Places(const LoadedModel& model, const std::vector<int64_t>& starts, int64_t count) : rows(count) {
  const auto [least, most] = std::minmax_element(starts.begin(), starts.end());
  tokens = *most + rows;
  if (*least == *most) uniform = *least;
  const auto sequences = static_cast<int64_t>(starts.size());
  const auto first = torch::tensor(starts, torch::kInt64).view({sequences, 1});
  const auto positions = first + torch::arange(rows, torch::kInt64);                                // [sequences, rows]
  const auto known = positions.clamp_max(model.rotary.cos.size(0) - 1).flatten();                   // padding may be beyond
  const std::vector<int64_t> shape{sequences, 1, rows, model.config.decoder.head_dim};
  rotary.cos = model.rotary.cos.index_select(0, known).view(shape).to(model.type);
  rotary.sin = model.rotary.sin.index_select(0, known).view(shape).to(model.type);
  columns = positions.view({sequences, 1, rows, 1});
  if (uniform < 0 || rows > 1) {
    hidden = (torch::arange(tokens, torch::kInt64).view({1, 1, tokens}) > positions.unsqueeze(2))
                 .view({sequences, 1, 1, rows, tokens});
  }
}

torch::Tensor turn(const torch::Tensor& x, const RotaryTable& at) {
  const int64_t pairs = x.size(3) / 2;
  return x * at.cos + torch::cat({-x.narrow(-1, pairs, pairs), x.narrow(-1, 0, pairs)}, -1) * at.sin;
}

void write(torch::Tensor& cache, const torch::Tensor& rows, const Places& places) {
  if (places.uniform >= 0) {
    cache.narrow(2, places.uniform, places.rows).copy_(rows);
  } else {
    cache.scatter_(2, places.columns.expand(rows.sizes()), rows);
  }
}

// What advance() does at ATTENTION_INPUT, at the batch's places.
LayerState mix_values(const LoadedModel& model, const DecoderLayer& layer, const LayerState& state,
                      const Places& places, torch::Tensor& keys, torch::Tensor& values) {
  const DecoderConfig& config = model.config.decoder;
  const torch::Tensor& x = state.site_input;
  const auto queries = turn(query_heads(config, layer, x), places.rotary);
  write(keys, as_cached(turn(key_heads(config, layer, x), places.rotary), model.kv_bits), places);
  write(values, as_cached(split_heads(torch::linear(x, layer.value, layer.value_bias), config.kv_heads), model.kv_bits), places);
  const auto mixed = attention(queries, keys.narrow(2, 0, places.tokens), values.narrow(2, 0, places.tokens), places.hidden);
  return {state.residual, apply_transform(mixed, layer.transform(SiteKind::OUTPUT_INPUT))};
}

}  // namespace

RaggedCache::RaggedCache(const LoadedModel& model, int64_t sequences, int64_t columns) {
  const DecoderConfig& config = model.config.decoder;
  // Zeros: a column that no row sees is still multiplied by a weight of 0.
  for (size_t layer = 0; layer < model.layers.size(); ++layer) {
    for (auto* half : {&keys, &values}) {
      half->push_back(torch::zeros({sequences, config.kv_heads, columns, config.head_dim}, model.type));
    }
  }
}

void RaggedCache::reserve(int64_t wanted) {
  const int64_t before = columns();
  if (wanted <= before) return;
  for (auto* half : {&keys, &values}) {
    for (torch::Tensor& x : *half) x = torch::constant_pad_nd(x, {0, 0, 0, wanted - before});
  }
}

RaggedCache RaggedCache::select(const LoadedModel& model, const torch::Tensor& index, int64_t columns,
                                int64_t used) const {
  RaggedCache result(model, index.size(0), columns);
  for (size_t layer = 0; layer < keys.size(); ++layer) {
    result.keys[layer].narrow(2, 0, used).copy_(keys[layer].narrow(2, 0, used).index_select(0, index));
    result.values[layer].narrow(2, 0, used).copy_(values[layer].narrow(2, 0, used).index_select(0, index));
  }
  return result;
}

torch::Tensor run_ragged(const LoadedModel& model, RaggedCache& cache, torch::Tensor hidden,
                         const std::vector<int64_t>& starts, const std::stop_token& stop) {
  const Places places(model, starts, hidden.size(1));
  if (static_cast<int64_t>(starts.size()) != hidden.size(0) || cache.columns() < places.tokens) {
    throw Error::in("batch", "columns", "at least " + std::to_string(places.tokens), std::to_string(cache.columns()));
  }
  const DecoderConfig& config = model.config.decoder;
  for (size_t index = 0; index < model.layers.size(); ++index) {
    if (stop.stop_requested()) throw Cancelled();
    const DecoderLayer& layer = model.layers[index];
    LayerState state = enter_layer(config, layer, hidden);
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      const Site site{static_cast<int>(index), static_cast<SiteKind>(kind)};
      if (model.hook) state.site_input = model.hook(site, state.site_input);
      state = site.kind == SiteKind::ATTENTION_INPUT
                  ? mix_values(model, layer, state, places, cache.keys[index], cache.values[index])
                  : advance(config, layer, site.kind, state, model.rotary);
    }
    hidden = state.residual;
  }
  return hidden;
}

}  // namespace qvlm::reference
