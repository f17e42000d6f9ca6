// Lays out GGUF files.
#include "core/model/gguf_writer.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "core/base/checked_math.h"
#include "core/base/error.h"
#include "core/base/mapped_file.h"

namespace qvlm {

namespace {

constexpr int64_t kAlignment = 32;

void append(std::string& to, uint64_t value, int count) {
  for (int i = 0; i < count; ++i) to += static_cast<char>(value >> (8 * i));
}
void append(std::string& to, std::string_view text) {
  append(to, text.size(), 8);
  to += text;
}

void add_name(std::vector<std::string>& names, const std::string& name, const std::filesystem::path& target) {
  if (std::find(names.begin(), names.end(), name) != names.end())
    throw Error(target.string() + ": " + name + " is written twice");
  names.push_back(name);
}

}  // namespace

GgufWriter::GgufWriter(const std::filesystem::path& target)
    : target_(target),
      data_path_(target.parent_path() / ("." + target.filename().string() + ".data")),
      data_(std::make_unique<AtomicFile>(data_path_)) {}

GgufWriter::~GgufWriter() {
  std::error_code ignored;  // it is there only where finish() failed half-way
  std::filesystem::remove(data_path_, ignored);
}

void GgufWriter::key(const std::string& name, uint32_t type) {
  add_name(key_names_, name, target_);
  append(keys_, name);
  append(keys_, type, 4);
}

void GgufWriter::set_u32(const std::string& name, uint32_t value) {
  key(name, 4);
  append(keys_, value, 4);
}
void GgufWriter::set_i32(const std::string& name, int32_t value) {
  key(name, 5);
  append(keys_, static_cast<uint32_t>(value), 4);
}
void GgufWriter::set_f32(const std::string& name, float value) {
  key(name, 6);
  append(keys_, std::bit_cast<uint32_t>(value), 4);
}
void GgufWriter::set_bool(const std::string& name, bool value) {
  key(name, 7);
  append(keys_, value ? 1 : 0, 1);
}
void GgufWriter::set_text(const std::string& name, std::string_view value) {
  key(name, 8);
  append(keys_, value);
}
void GgufWriter::set_i32s(const std::string& name, const std::vector<int32_t>& values) {
  key(name, 9);
  append(keys_, 5, 4);
  append(keys_, values.size(), 8);
  for (int32_t value : values) append(keys_, static_cast<uint32_t>(value), 4);
}
void GgufWriter::set_f32s(const std::string& name, const std::vector<float>& values) {
  key(name, 9);
  append(keys_, 6, 4);
  append(keys_, values.size(), 8);
  for (float value : values) append(keys_, std::bit_cast<uint32_t>(value), 4);
}
void GgufWriter::set_texts(const std::string& name, const std::vector<std::string>& values) {
  key(name, 9);
  append(keys_, 8, 4);
  append(keys_, values.size(), 8);
  for (const std::string& value : values) append(keys_, value);
}

void GgufWriter::add(const std::string& name, GgufType type, const Shape& shape, std::span<const std::byte> bytes) {
  const std::string origin = target_.string() + ": tensor " + name;
  if (!data_) throw Error(origin + ": added after the file was finished");
  const auto block = block_of(type);
  if (!block) throw Error::in(origin, "type", "a type that is known here", name_of(type));
  if (shape.empty() || shape.size() > 4) throw Error::in(origin, "dimensions", "1 to 4", std::to_string(shape.size()));
  const int64_t count = element_count(shape, origin);
  if (count == 0 || shape.back() % block->elements != 0)
    throw Error::in(origin, "row length", fmt::format("a multiple of {} for {}", block->elements, name_of(type)),
                    to_string(shape));
  if (checked_multiply(count / block->elements, block->bytes, origin) != static_cast<int64_t>(bytes.size()))
    throw Error::in(origin, "bytes", std::to_string(count / block->elements * block->bytes),
                    std::to_string(bytes.size()));
  add_name(tensor_names_, name, target_);
  append(tensors_, name);
  append(tensors_, shape.size(), 4);
  for (size_t i = shape.size(); i-- > 0;) append(tensors_, static_cast<uint64_t>(shape[i]), 8);
  append(tensors_, static_cast<uint32_t>(type), 4);
  append(tensors_, static_cast<uint64_t>(data_->position()), 8);
  data_->write(bytes);
  data_->pad_to(kAlignment);
}

void GgufWriter::finish() {
  if (!data_) throw Error(target_.string() + ": finished twice");
  data_->commit();
  data_.reset();
  AtomicFile file(target_);
  std::string header = "GGUF";
  append(header, 3, 4);
  append(header, tensor_names_.size(), 8);
  append(header, key_names_.size(), 8);
  file.write(header);
  file.write(keys_);
  file.write(tensors_);
  file.pad_to(kAlignment);
  const MappedFile data(data_path_);
  constexpr size_t kPiece = size_t{16} << 20;  // so that a large file is not resident as a whole
  for (size_t at = 0; at < data.bytes().size(); at += kPiece) {
    const auto piece = data.bytes().subspan(at, std::min(kPiece, data.bytes().size() - at));
    file.write(piece);
    data.release(piece);
  }
  file.commit();
  std::filesystem::remove(data_path_);
}

}  // namespace qvlm
