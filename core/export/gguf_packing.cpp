// Packing planes into block types, exactly or not at all.
#include "core/export/gguf_packing.h"

#include <algorithm>
#include <functional>
#include <string>

#include "core/base/error.h"
#include "core/model/gguf_config.h"
#include "core/model/gguf_types.h"
#include "core/model/gguf_writer.h"
#include "core/model/planes.h"
#include "core/model/tokenizer_data.h"
#include "core/model/tokenizer_gguf.h"

namespace qvlm {

namespace {

QuantizedMatrix matrix_of(const GgufFile& file, const PlaneTable::Entry& entry) {
  const GgufTensor& plane = file.tensor(entry.name + (entry.double_scales ? ".scales.codes" : ".scales"));
  const Shape& scales = plane.shape;
  if (scales.size() != 2) throw Error::in(plane.origin, "", "two dimensions", to_string(scales));
  return read_planes(file, entry, scales[0], scales[1] * entry.group);
}

/// The smallest block type that gives every value of the matrix.
GgufType type_of(const QuantizedMatrix& matrix, const GgufFile& file, const std::string& name) {
  const auto types = exact_types(matrix);
  if (!types.empty()) return types.front();
  if (const std::string extra = beyond_integers(matrix); !extra.empty())
    throw Error(file.file() + ": tensor " + name + ": has " + extra +
                ", which no GGUF type that llama.cpp reads can hold, so the model stays in planes; a run without it "
                "(another weight method, residual rank 0) can be exported");
  throw Error(file.file() + ": tensor " + name + ": no GGUF type holds " + std::to_string(matrix.bits) +
              "-bit codes in groups of " + std::to_string(matrix.group) +
              (matrix.symmetric ? "" : " with zero points") +
              " exactly, so the model stays in planes, which llama.cpp does not read; 4 bits in groups of a multiple "
              "of 32 can be exported");
}

bool is_plane(const PlaneTable& table, const std::string& tensor) {
  return std::any_of(table.entries.begin(), table.entries.end(), [&](const PlaneTable::Entry& entry) {
    const auto planes = tensors_of(entry);
    return std::find(planes.begin(), planes.end(), tensor) != planes.end();
  });
}

void verify(const GgufFile& from, const PlaneTable& table, const std::filesystem::path& path) {
  const GgufFile written(path);
  for (const PlaneTable::Entry& entry : table.entries) {
    const GgufTensor& tensor = written.tensor(entry.name);
    if (dequantize_blocks(tensor.type, tensor.bytes, tensor.origin) != matrix_of(from, entry).dequantize()) {
      throw Error(tensor.origin + ": read back, its values differ from the model's");
    }
    written.release(entry.name);
  }
}

}  // namespace

void check_packable(const GgufFile& file) {
  const PlaneTable table = read_plane_table(file);
  for (const PlaneTable::Entry& entry : table.entries) {
    type_of(matrix_of(file, entry), file, entry.name);
    for (const std::string& plane : tensors_of(entry)) file.release(plane);
  }
}

namespace {

void pack(const std::filesystem::path& from, const std::filesystem::path& to,
          const std::function<void(GgufWriter& writer)>& write_keys) {
  const GgufFile file(from);
  const PlaneTable table = read_plane_table(file);
  {
    GgufWriter writer(to);
    write_keys(writer);
    for (const auto& [name, tensor] : file.tensors()) {
      if (!is_plane(table, name) && name != "rope_freqs.weight") {  // write_decoder_keys has added the factors
        writer.add(name, tensor.type, tensor.shape, tensor.bytes);
        file.release(name);
      }
    }
    for (const PlaneTable::Entry& entry : table.entries) {
      const QuantizedMatrix matrix = matrix_of(file, entry);
      const GgufType type = type_of(matrix, file, entry.name);
      writer.add(entry.name, type, {matrix.rows, matrix.columns}, write_blocks(matrix, type, entry.name));
    }
    writer.finish();
  }
  verify(file, table, to);
}

}  // namespace

void pack_planes(const Model& model, const std::filesystem::path& from, const std::filesystem::path& to) {
  if (!fits_llama_architecture(model.config().decoder)) {
    throw Error(from.string() +
                ": the decoder's activation is not SiLU: no architecture of GGUF that llama.cpp reads has it");
  }
  pack(from, to, [&](GgufWriter& writer) {
    write_decoder_keys(writer, model.config(), "llama");
    if (model.tokenizer().kind != TokenizerSource::Kind::NONE) {
      write_tokenizer_keys(writer, read_tokenizer(model.tokenizer()), model.config().decoder.vocabulary);
    }
  });
}

void pack_vision_planes(const Model& model, const std::filesystem::path& from, const std::filesystem::path& to) {
  pack(from, to, [&](GgufWriter& writer) { write_vision_keys(writer, model.config(), "clip"); });
}

}  // namespace qvlm
