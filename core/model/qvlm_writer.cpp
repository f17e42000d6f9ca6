// Writing NAME.qvlm folders.
#include <algorithm>
#include <cstring>

#include "core/base/error.h"
#include "core/base/half.h"
#include "core/base/mapped_file.h"
#include "core/model/gguf_config.h"
#include "core/model/gguf_names.h"
#include "core/model/qvlm_folder.h"
#include "core/model/tokenizer_gguf.h"

namespace qvlm {

namespace {

// general.file_type, llama.cpp's number for what most of a file is. A file with planes has none of them.
void write_file_type(GgufWriter& writer, std::optional<GgufType> blocks, const PlaneTable& planes) {
  if (!planes.entries.empty()) return;
  uint32_t type = 1;  // float16
  if (blocks) type = *blocks == GgufType::Q4_0 ? 2 : *blocks == GgufType::Q5_0 ? 8 : 7;
  writer.set_u32("general.file_type", type);
}

}  // namespace

QvlmWriter::QvlmWriter(const std::filesystem::path& folder, QvlmDescription description)
    : folder_(folder), description_(std::move(description)), expected_(expected_tensors(description_.config)) {
  decoder_.writer = std::make_unique<GgufWriter>(folder / kDecoderFile);
  if (description_.config.vision) vision_.writer = std::make_unique<GgufWriter>(folder / kVisionFile);
}

QvlmWriter::File& QvlmWriter::file_of(const std::string& canonical) {
  return canonical.starts_with("decoder.") ? decoder_ : vision_;
}

const Shape& QvlmWriter::expect(const std::string& canonical) {
  const auto found = std::find_if(expected_.begin(), expected_.end(),
                                  [&](const ExpectedTensor& tensor) { return tensor.name == canonical; });
  if (found == expected_.end()) throw Error(folder_.string() + ": " + canonical + " is no tensor of this model");
  if (!written_.insert(canonical).second) throw Error(folder_.string() + ": " + canonical + " is written twice");
  return found->shape;
}

void QvlmWriter::add(const std::string& canonical, const QuantizedMatrix& matrix) {
  const Shape& shape = expect(canonical);
  validate(matrix, canonical);
  if (shape != Shape{matrix.rows, matrix.columns})
    throw Error::in(canonical, "shape", to_string(shape), to_string({matrix.rows, matrix.columns}));
  File& file = file_of(canonical);
  // Doubly quantized scales keep the checkpoint's order (planes.h).
  const int heads = matrix.double_scales.empty() ? rotary_heads(canonical, description_.config.decoder) : 0;
  const QuantizedMatrix& ordered = heads > 0 ? reorder_rows(matrix, rotary_rows(matrix.rows, heads)) : matrix;
  const std::string name = gguf_name(canonical);
  if (const auto type = storage_type_for(matrix)) {
    file.writer->add(name, *type, shape, write_blocks(ordered, *type, canonical));
    if (!file.blocks) file.blocks = type;
  } else
    write_planes(*file.writer, file.planes, name, ordered);
}

void QvlmWriter::add(const std::string& canonical, const TensorView& view) {
  const Shape& shape = expect(canonical);
  if (shape != view.shape)
    throw Error::in(view.origin, "shape", to_string(shape) + " (" + canonical + ")", to_string(view.shape));
  File& file = file_of(canonical);
  const std::string name = gguf_name(canonical);
  std::vector<float> values;
  std::span<const std::byte> bytes = view.bytes;
  DType dtype = view.dtype;
  // Other readers want norms, biases and the class token in float32; from a half format that is exact.
  if (shape.size() == 1 && dtype != DType::F32) {
    values = to_float(view);
    bytes = std::as_bytes(std::span(values));
    dtype = DType::F32;
  }
  if (dtype != DType::F32 && dtype != DType::F16 && dtype != DType::BF16)
    throw Error::in(view.origin, "type", "F32, F16 or BF16", name_of(dtype));
  const int heads = rotary_heads(canonical, description_.config.decoder);
  if (heads > 0)
    file.writer->add(name, gguf_type_of(dtype), shape, reorder_rows(bytes, rotary_rows(shape[0], heads)));
  else
    file.writer->add(name, gguf_type_of(dtype), shape, bytes);
}

void QvlmWriter::add(const std::string& canonical, const Weight& weight) {
  std::visit([&](const auto& one) { add(canonical, one); }, weight);
}

void QvlmWriter::write_tokenizer() {
  const TokenizerSource& source = description_.tokenizer;
  if (source.kind == TokenizerSource::Kind::NONE) return;
  write_tokenizer_keys(*decoder_.writer, read_tokenizer(source), description_.config.decoder.vocabulary);
  const auto copy = [&](const std::filesystem::path& from, const std::filesystem::path& to) {
    if (!std::filesystem::exists(from)) return;
    const MappedFile file(from);
    write_file(to, file.bytes());
  };
  if (source.kind == TokenizerSource::Kind::GGUF_FILE) return;  // the keys are all there was
  copy(source.path,
       folder_ / (source.kind == TokenizerSource::Kind::TOKENIZER_JSON ? "tokenizer.json" : "tokenizer.model"));
  for (const char* name : {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"})
    copy(source.path.parent_path() / name, folder_ / name);
}

void QvlmWriter::finish() {
  for (const ExpectedTensor& tensor : expected_)
    if (!tensor.optional && !written_.contains(tensor.name))
      throw Error(folder_.string() + ": the tensor " + tensor.name + " was not written");
  const VlmConfig& config = description_.config;
  const bool plain = decoder_.planes.entries.empty() && fits_llama_architecture(config.decoder);
  write_decoder_keys(*decoder_.writer, config, plain ? "llama" : "qvlm");
  write_file_type(*decoder_.writer, decoder_.blocks, decoder_.planes);
  write_plane_table(*decoder_.writer, decoder_.planes);
  write_activation_keys(*decoder_.writer, description_.activations);
  decoder_.writer->set_text("qvlm.weight_method", description_.weight_method);
  decoder_.writer->set_text("qvlm.source", description_.source_fingerprint);
  if (!description_.rotation.empty()) decoder_.writer->set_text("qvlm.rotation", description_.rotation);
  if (!description_.partition.empty()) decoder_.writer->set_text("qvlm.partition", description_.partition);
  write_tokenizer();
  if (vision_.writer) {
    write_vision_keys(*vision_.writer, config, vision_.planes.entries.empty() ? "clip" : "qvlm");
    write_file_type(*vision_.writer, vision_.blocks, vision_.planes);
    write_plane_table(*vision_.writer, vision_.planes);
    write_vision_activation_keys(*vision_.writer, description_.vision_activations);
    vision_.writer->finish();
  }
  decoder_.writer->finish();  // last: its presence makes the folder a model
}

}  // namespace qvlm
