// Packing planes into block types, exactly where that is possible.
#include "core/export/gguf_packing.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/half.h"
#include "core/model/gguf_config.h"
#include "core/model/gguf_names.h"
#include "core/model/gguf_writer.h"
#include "core/model/planes.h"
#include "core/model/tokenizer_data.h"
#include "core/model/tokenizer_gguf.h"

namespace qvlm {

namespace {

constexpr int64_t kBlock = 32;

std::string why_inexact(const QuantizedMatrix& matrix) {
  if (const std::string extra = beyond_integers(matrix); !extra.empty())
    return "it has " + extra + ", which no GGUF type that llama.cpp reads can hold; a run without it (another weight method, residual rank 0) is exact";
  return fmt::format("no GGUF type holds {}-bit codes in groups of {}{} exactly; 4 bits in groups of a multiple of 32 are", matrix.bits, matrix.group,
                     matrix.symmetric ? "" : " with zero points");
}

/// Rounded to the nearest of 255 levels a block: d = max |w| / 127. The rows are a multiple of 32 long.
QuantizedMatrix rounded_to_8_bits(const std::vector<float>& values, int64_t rows, int64_t columns) {
  QuantizedMatrix matrix{rows, columns, 8, kBlock, true, {}, {}, {}};
  matrix.codes.resize(values.size());
  for (size_t begin = 0; begin < values.size(); begin += kBlock) {
    float largest = 0;
    for (size_t i = begin; i < begin + kBlock; ++i) largest = std::max(largest, std::abs(values[i]));
    const uint16_t half = to_half(largest / 127);
    const float scale = from_half(half);
    for (size_t i = begin; i < begin + kBlock; ++i)
      matrix.codes[i] = static_cast<uint8_t>(128 + (scale > 0 ? std::clamp(std::lround(values[i] / scale), -127l, 127l) : 0));
    matrix.scales.push_back(half);
    matrix.zeros.push_back(128);
  }
  return matrix;
}

}  // namespace

TensorVerdict gguf_verdict(const std::string& canonical, const Weight& weight) {
  TensorVerdict verdict{.name = canonical};
  if (const auto* view = std::get_if<TensorView>(&weight)) {
    verdict.stored = name_of(view->dtype);
    verdict.bytes = static_cast<int64_t>(view->bytes.size());
    return verdict;
  }
  const auto& matrix = std::get<QuantizedMatrix>(weight);
  const int64_t count = matrix.rows * matrix.columns;
  const auto blocks = [&](GgufType type) {
    verdict.stored = name_of(type);
    verdict.bytes = count / block_of(type)->elements * block_of(type)->bytes;
  };
  if (const auto types = exact_types(matrix); !types.empty()) {
    blocks(types.front());
    return verdict;
  }
  const std::vector<float> values = matrix.dequantize();
  verdict.exactness = Exactness::INEXACT;
  verdict.reason = why_inexact(matrix);
  if (matrix.columns % kBlock == 0) {
    blocks(GgufType::Q8_0);
    verdict.loss = relative_error(rounded_to_8_bits(values, matrix.rows, matrix.columns).dequantize(), values);
  } else {
    blocks(GgufType::F16);
    verdict.loss = relative_error(through_half(values), values);
    if (verdict.loss == 0) verdict.exactness = Exactness::EXACT, verdict.reason.clear();
  }
  if (!std::isfinite(verdict.loss)) verdict.exactness = Exactness::ILLEGAL, verdict.reason = "values beyond float16's range; " + verdict.reason;
  return verdict;
}

namespace {

bool is_plane(const PlaneTable& table, const std::string& tensor) {
  return std::any_of(table.entries.begin(), table.entries.end(), [&](const PlaneTable::Entry& entry) {
    const auto planes = tensors_of(entry);
    return std::find(planes.begin(), planes.end(), tensor) != planes.end();
  });
}

void add_matrix(GgufWriter& writer, const Model& model, const ExportPlan& plan, const std::string& name) {
  const std::string canonical = canonical_name(name).value_or(name);
  const auto matrix = std::get<QuantizedMatrix>(model.load(canonical));  // in canonical order; GGUF has rotary rows in another
  const int heads = rotary_heads(canonical, model.config().decoder);
  const std::vector<int64_t> order = heads > 0 ? rotary_rows(matrix.rows, heads) : std::vector<int64_t>{};
  const Shape shape{matrix.rows, matrix.columns};
  const TensorVerdict& verdict = plan.verdict(canonical);
  if (const auto types = exact_types(matrix); !types.empty()) {
    writer.add(name, types.front(), shape, write_blocks(order.empty() ? matrix : reorder_rows(matrix, order), types.front(), name));
  } else if (const std::vector<float> values = matrix.dequantize(); verdict.stored == name_of(GgufType::Q8_0)) {
    const QuantizedMatrix rounded = rounded_to_8_bits(values, matrix.rows, matrix.columns);
    writer.add(name, GgufType::Q8_0, shape, write_blocks(order.empty() ? rounded : reorder_rows(rounded, order), GgufType::Q8_0, name));
  } else {
    std::vector<uint16_t> halves(values.size());
    to_half(values, halves);
    const auto bytes = std::as_bytes(std::span(halves));
    order.empty() ? writer.add(name, GgufType::F16, shape, bytes) : writer.add(name, GgufType::F16, shape, reorder_rows(bytes, order));
  }
  model.release(canonical);
}

void pack(const Model& model, const ExportPlan& plan, const std::filesystem::path& from, const std::filesystem::path& to, const ExportWatch& watch,
          const std::function<void(GgufWriter& writer)>& write_keys) {
  const GgufFile file(from);
  const PlaneTable table = read_plane_table(file);
  GgufWriter writer(to);
  write_keys(writer);
  for (const auto& [name, tensor] : file.tensors()) {
    if (!is_plane(table, name) && name != "rope_freqs.weight") {  // write_decoder_keys has added the factors
      writer.add(name, tensor.type, tensor.shape, tensor.bytes);
      file.release(name);
    }
  }
  int64_t done = 0;
  for (const PlaneTable::Entry& entry : table.entries) {
    watch.step({ExportStep::Stage::WRITING, done++, static_cast<int64_t>(table.entries.size())});
    add_matrix(writer, model, plan, entry.name);
  }
  writer.finish();
}

}  // namespace

void pack_planes(const Model& model, const ExportPlan& plan, const std::filesystem::path& from, const std::filesystem::path& to,
                 const ExportWatch& watch) {
  pack(model, plan, from, to, watch, [&](GgufWriter& writer) {
    write_decoder_keys(writer, model.config(), "llama");
    if (model.tokenizer().kind != TokenizerSource::Kind::NONE)
      write_tokenizer_keys(writer, read_tokenizer(model.tokenizer()), model.config().decoder.vocabulary);
  });
}

void pack_vision_planes(const Model& model, const ExportPlan& plan, const std::filesystem::path& from, const std::filesystem::path& to,
                        const ExportWatch& watch) {
  pack(model, plan, from, to, watch, [&](GgufWriter& writer) { write_vision_keys(writer, model.config(), "clip"); });
}

}  // namespace qvlm
