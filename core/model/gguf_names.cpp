// The table of GGUF names, and row orders.
#include "core/model/gguf_names.h"

#include <algorithm>

#include "core/base/error.h"

namespace qvlm {

namespace {

const std::vector<NameGroup>& groups() {
  static const std::vector<NameGroup> table{
      {{""},
       {{"token_embd.weight", "decoder.embedding.weight"},
        {"output_norm.weight", "decoder.norm.weight"},
        {"output.weight", "decoder.head.weight"},
        {"blk.#.attn_norm.weight", "decoder.#.attention_norm.weight"},
        {"blk.#.attn_q.*", "decoder.#.attention.query.*"},
        {"blk.#.attn_k.*", "decoder.#.attention.key.*"},
        {"blk.#.attn_v.*", "decoder.#.attention.value.*"},
        {"blk.#.attn_q_norm.weight", "decoder.#.attention.query_norm.weight"},
        {"blk.#.attn_k_norm.weight", "decoder.#.attention.key_norm.weight"},
        {"blk.#.attn_output.*", "decoder.#.attention.output.*"},
        {"blk.#.ffn_norm.weight", "decoder.#.mlp_norm.weight"},
        {"blk.#.ffn_gate.*", "decoder.#.mlp.gate.*"},
        {"blk.#.ffn_up.*", "decoder.#.mlp.up.*"},
        {"blk.#.ffn_down.*", "decoder.#.mlp.down.*"},
        {"blk.#.transform.qkv.left", "decoder.#.transform.qkv.left"},
        {"blk.#.transform.qkv.right", "decoder.#.transform.qkv.right"},
        {"blk.#.transform.o.left", "decoder.#.transform.o.left"},
        {"blk.#.transform.o.right", "decoder.#.transform.o.right"},
        {"blk.#.transform.up.left", "decoder.#.transform.up.left"},
        {"blk.#.transform.up.right", "decoder.#.transform.up.right"},
        {"blk.#.transform.down.left", "decoder.#.transform.down.left"},
        {"blk.#.transform.down.right", "decoder.#.transform.down.right"}},
       {}},
      {{"v."},
       {{"patch_embd.*", "vision.patch.*"},
        {"class_embd", "vision.class"},
        {"position_embd.weight", "vision.position.weight"},
        {"pre_ln.*", "vision.pre_norm.*"},
        {"blk.#.ln1.*", "vision.#.attention_norm.*"},
        {"blk.#.attn_q.*", "vision.#.attention.query.*"},
        {"blk.#.attn_k.*", "vision.#.attention.key.*"},
        {"blk.#.attn_v.*", "vision.#.attention.value.*"},
        {"blk.#.attn_out.*", "vision.#.attention.output.*"},
        {"blk.#.ln2.*", "vision.#.mlp_norm.*"},
        {"blk.#.ffn_up.*", "vision.#.mlp.up.*"},
        {"blk.#.ffn_down.*", "vision.#.mlp.down.*"}},
       {}},
      {{"mm."}, {{"0.*", "projector.0.*"}, {"2.*", "projector.2.*"}}, {}},
  };
  return table;
}

}  // namespace

std::string gguf_name(std::string_view canonical) {
  const auto names = file_names(groups(), canonical);
  if (names.empty()) throw Error("GGUF has no name for the tensor " + std::string(canonical));
  return names.front();
}

std::optional<std::string> canonical_name(std::string_view gguf_name) {
  const NameMatch match = match_name(groups(), gguf_name);
  return match.kind == NameMatch::Kind::TENSOR ? std::optional(match.canonical) : std::nullopt;
}

int rotary_heads(std::string_view canonical, const DecoderConfig& decoder) {
  if (!canonical.starts_with("decoder.")) return 0;
  if (canonical.find(".attention.query.") != std::string_view::npos) return decoder.heads;
  if (canonical.find(".attention.key.") != std::string_view::npos) return decoder.kv_heads;
  return 0;
}

std::vector<int64_t> rotary_rows(int64_t rows, int heads) {
  const int64_t head_dim = rows / heads, half = head_dim / 2;
  std::vector<int64_t> order;
  order.reserve(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t head = row / head_dim, inside = row % head_dim;
    order.push_back(head * head_dim + inside % 2 * half + inside / 2);
  }
  return order;
}

std::vector<int64_t> inverse(const std::vector<int64_t>& order) {
  std::vector<int64_t> result(order.size());
  for (size_t i = 0; i < order.size(); ++i) result[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
  return result;
}

namespace {

template <typename T>
void reorder(std::span<const T> from, std::span<T> to, const std::vector<int64_t>& order) {
  const size_t row = from.size() / order.size();
  for (size_t r = 0; r < order.size(); ++r)
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(order[r]) * row), row,
                to.begin() + static_cast<std::ptrdiff_t>(r * row));
}

}  // namespace

QuantizedMatrix reorder_rows(const QuantizedMatrix& matrix, const std::vector<int64_t>& order) {
  if (!matrix.double_scales.empty()) throw Error("rows of a matrix with doubly quantized scales have no other order: their blocks go over rows");
  QuantizedMatrix result = matrix;
  reorder<uint8_t>(matrix.codes, result.codes, order);
  reorder<uint16_t>(matrix.scales, result.scales, order);
  reorder<uint8_t>(matrix.zeros, result.zeros, order);
  reorder<float>(matrix.wide_scales, result.wide_scales, order);
  reorder<float>(matrix.minimums, result.minimums, order);
  if (matrix.residual.rank > 0) reorder<uint16_t>(matrix.residual.left, result.residual.left, order);
  return result;
}

std::vector<std::byte> reorder_rows(std::span<const std::byte> bytes, const std::vector<int64_t>& order) {
  std::vector<std::byte> result(bytes.size());
  reorder<std::byte>(bytes, result, order);
  return result;
}

}  // namespace qvlm
