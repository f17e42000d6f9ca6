// Parses GGUF (algorithms.md 4.1; the format's own specification in ggml).
#include "core/model/gguf.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "core/base/checked_math.h"
#include "core/base/error.h"

namespace qvlm {

namespace {

enum ValueType : uint32_t { U8 = 0, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 };

constexpr int64_t kMaxAlignment = 1 << 20;
constexpr uint64_t kMaxDimensions = 4;

/// Reads forwards; every length is checked against what the file has left.
class Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  uint64_t number(int count) {
    const auto part = take(static_cast<uint64_t>(count), "a number");
    uint64_t value = 0;
    for (int i = 0; i < count; ++i) value |= std::to_integer<uint64_t>(part[static_cast<size_t>(i)]) << (8 * i);
    return value;
  }
  std::string text(const std::string& what) {
    const uint64_t length = number(8);
    const auto part = take(length, what);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  uint64_t left() const { return bytes_.size() - at_; }
  uint64_t position() const { return at_; }

 private:
  std::span<const std::byte> take(uint64_t count, const std::string& what) {
    if (count > left())
      throw Error::in(file_, fmt::format("byte {}: {}", at_, what), fmt::format("{} bytes", count),
                      fmt::format("{} left (the file is cut, or its header lies)", left()));
    const auto part = bytes_.subspan(at_, count);
    at_ += count;
    return part;
  }

  std::span<const std::byte> bytes_;
  const std::string& file_;
  uint64_t at_ = 0;
};

int width_of(uint32_t type) {
  switch (type) {
    case U8:
    case I8:
    case BOOL:
      return 1;
    case U16:
    case I16:
      return 2;
    case U32:
    case I32:
    case F32:
      return 4;
    case U64:
    case I64:
    case F64:
      return 8;
    default:
      return 0;
  }
}

bool is_signed(uint32_t type) {
  return type == I8 || type == I16 || type == I32 || type == I64;
}
bool is_float(uint32_t type) {
  return type == F32 || type == F64;
}

int64_t read_signed(Cursor& cursor, uint32_t type) {
  const int width = width_of(type);
  const uint64_t bits = cursor.number(width);
  const int shift = 64 - 8 * width;
  return static_cast<int64_t>(bits << shift) >> shift;
}

double read_float(Cursor& cursor, uint32_t type) {
  return type == F32 ? std::bit_cast<float>(static_cast<uint32_t>(cursor.number(4)))
                     : std::bit_cast<double>(cursor.number(8));
}

bool read_bool(Cursor& cursor, const std::string& origin) {
  const uint64_t value = cursor.number(1);
  if (value > 1) throw Error::in(origin, "", "0 or 1", std::to_string(value));
  return value == 1;
}

GgufValue read_array(Cursor& cursor, const std::string& origin) {
  const auto type = static_cast<uint32_t>(cursor.number(4));
  const uint64_t count = cursor.number(8);
  const int least = type == STRING ? 8 : width_of(type);
  if (least == 0)
    throw Error::in(origin, "type of the array's elements", "a number, a bool or a string", std::to_string(type));
  if (count > cursor.left() / static_cast<uint64_t>(least))
    throw Error::in(
        origin, "length of the array",
        fmt::format("at most {} (what the file has room for)", cursor.left() / static_cast<uint64_t>(least)),
        std::to_string(count));
  const auto fill = [&](auto vector, const auto& read) -> GgufValue {
    vector.reserve(count);
    for (uint64_t i = 0; i < count; ++i) vector.push_back(read());
    return vector;
  };
  if (type == STRING) return fill(std::vector<std::string>(), [&] { return cursor.text(origin); });
  if (type == BOOL) return fill(std::vector<bool>(), [&] { return read_bool(cursor, origin); });
  if (is_float(type)) return fill(std::vector<double>(), [&] { return read_float(cursor, type); });
  if (is_signed(type)) return fill(std::vector<int64_t>(), [&] { return read_signed(cursor, type); });
  return fill(std::vector<uint64_t>(), [&] { return cursor.number(width_of(type)); });
}

GgufValue read_value(Cursor& cursor, const std::string& origin) {
  const auto type = static_cast<uint32_t>(cursor.number(4));
  if (type == STRING) return cursor.text(origin);
  if (type == ARRAY) return read_array(cursor, origin);
  if (type == BOOL) return read_bool(cursor, origin);
  if (width_of(type) == 0) throw Error::in(origin, "type", "0 to 12", std::to_string(type));
  if (is_float(type)) return read_float(cursor, type);
  if (is_signed(type)) return read_signed(cursor, type);
  return cursor.number(width_of(type));
}

std::string describe(const GgufValue& value) {
  static constexpr const char* kinds[] = {"an integer",
                                          "an integer",
                                          "a number",
                                          "a bool",
                                          "a string",
                                          "an array of integers",
                                          "an array of integers",
                                          "an array of numbers",
                                          "an array of bools",
                                          "an array of strings"};
  return kinds[value.index()];
}

}  // namespace

GgufFile::GgufFile(const std::filesystem::path& path) : file_(path), name_(path.string()) {
  Cursor cursor(file_.bytes(), name_);
  if (cursor.left() < 4 || cursor.number(4) != 0x46554747u)
    throw Error::in(name_, "", "a GGUF file (magic \"GGUF\")", "something else");
  const uint64_t version = cursor.number(4);
  if (version != 2 && version != 3)
    throw Error::in(name_, "version", "2 or 3",
                    (version & 0xffffu) == 0 ? "a big-endian file" : std::to_string(version));
  version_ = static_cast<int>(version);
  const uint64_t tensor_count = cursor.number(8), key_count = cursor.number(8);
  // A tensor takes at least 32 bytes of header, a key 13.
  if (tensor_count > cursor.left() / 32)
    throw Error::in(name_, "number of tensors", fmt::format("at most {}", cursor.left() / 32),
                    std::to_string(tensor_count));
  if (key_count > cursor.left() / 13)
    throw Error::in(name_, "number of keys", fmt::format("at most {}", cursor.left() / 13), std::to_string(key_count));

  for (uint64_t i = 0; i < key_count; ++i) {
    const std::string key = cursor.text("a key's name");
    const std::string origin = name_ + ": key " + key;
    if (!keys_.emplace(key, read_value(cursor, origin)).second) throw Error(origin + ": stands there twice");
  }
  const int64_t alignment = integer_or("general.alignment", 32);
  if (alignment < 8 || alignment > kMaxAlignment || !std::has_single_bit(static_cast<uint64_t>(alignment)))
    throw Error::in(name_, "general.alignment", "a power of two from 8 to 1048576", std::to_string(alignment));

  std::vector<std::pair<uint64_t, GgufTensor>> found;  // with offsets
  for (uint64_t i = 0; i < tensor_count; ++i) {
    GgufTensor tensor;
    tensor.name = cursor.text("a tensor's name");
    tensor.origin = name_ + ": tensor " + tensor.name;
    const uint64_t dimensions = cursor.number(4);
    if (dimensions < 1 || dimensions > kMaxDimensions)
      throw Error::in(tensor.origin, "dimensions", "1 to 4", std::to_string(dimensions));
    for (uint64_t d = 0; d < dimensions; ++d) {
      const uint64_t length = cursor.number(8);
      if (length < 1 || length > uint64_t{1} << 48)
        throw Error::in(tensor.origin, "length of a dimension", "1 to 2^48", std::to_string(length));
      tensor.shape.insert(tensor.shape.begin(), static_cast<int64_t>(length));
    }
    tensor.type = static_cast<GgufType>(cursor.number(4));
    found.emplace_back(cursor.number(8), std::move(tensor));
  }

  const uint64_t unaligned = cursor.position(), step = static_cast<uint64_t>(alignment);
  const uint64_t begin = (unaligned + step - 1) / step * step;
  for (auto& [offset, tensor] : found) {
    const auto block = block_of(tensor.type);
    if (!block)
      throw Error::in(tensor.origin, "type", "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K or Q6_K",
                      name_of(tensor.type));
    if (tensor.shape.back() % block->elements != 0)
      throw Error::in(tensor.origin, "row length",
                      fmt::format("a multiple of {} for {}", block->elements, name_of(tensor.type)),
                      std::to_string(tensor.shape.back()));
    const int64_t count = element_count(tensor.shape, tensor.origin);
    const int64_t bytes = checked_multiply(count / block->elements, block->bytes, tensor.origin);
    const uint64_t room = file_.bytes().size() - std::min<uint64_t>(begin, file_.bytes().size());
    if (offset % step != 0)
      throw Error::in(tensor.origin, "offset", fmt::format("a multiple of {}", alignment), std::to_string(offset));
    if (offset > room || static_cast<uint64_t>(bytes) > room - offset)
      throw Error::in(tensor.origin, "data", fmt::format("{} bytes at {} of the file's {}", bytes, offset, room),
                      "fewer (the file is cut, or its header lies)");
    tensor.bytes = file_.bytes().subspan(begin + offset, static_cast<size_t>(bytes));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 1; i < found.size(); ++i)
    if (found[i - 1].second.bytes.data() + found[i - 1].second.bytes.size() > found[i].second.bytes.data())
      throw Error(found[i].second.origin + ": its data overlap those of " + found[i - 1].second.name);
  for (auto& [offset, tensor] : found) {
    const std::string name = tensor.name, origin = tensor.origin;
    if (!tensors_.emplace(name, std::move(tensor)).second) throw Error(origin + ": stands there twice");
  }
}

const GgufTensor& GgufFile::tensor(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw Error(name_ + ": no tensor " + std::string(name));
  return found->second;
}

const GgufValue& GgufFile::value(std::string_view key) const {
  const auto found = keys_.find(key);
  if (found == keys_.end()) throw Error::in(name_, key, "a value", "nothing");
  return found->second;
}

int64_t GgufFile::integer(std::string_view key) const {
  const GgufValue& found = value(key);
  if (const auto* number = std::get_if<int64_t>(&found)) return *number;
  if (const auto* number = std::get_if<uint64_t>(&found);
      number != nullptr && *number <= static_cast<uint64_t>(INT64_MAX))
    return static_cast<int64_t>(*number);
  throw Error::in(name_, key, "an integer", describe(found));
}

double GgufFile::number(std::string_view key) const {
  const GgufValue& found = value(key);
  if (const auto* number = std::get_if<double>(&found)) return *number;
  throw Error::in(name_, key, "a floating-point number", describe(found));
}

bool GgufFile::flag(std::string_view key) const {
  const GgufValue& found = value(key);
  if (const auto* flag = std::get_if<bool>(&found)) return *flag;
  throw Error::in(name_, key, "a bool", describe(found));
}

const std::string& GgufFile::text(std::string_view key) const {
  const GgufValue& found = value(key);
  if (const auto* text = std::get_if<std::string>(&found)) return *text;
  throw Error::in(name_, key, "a string", describe(found));
}

std::vector<int64_t> GgufFile::integers(std::string_view key) const {
  const GgufValue& found = value(key);
  if (const auto* numbers = std::get_if<std::vector<int64_t>>(&found)) return *numbers;
  if (const auto* numbers = std::get_if<std::vector<uint64_t>>(&found)) {
    std::vector<int64_t> result;
    for (uint64_t number : *numbers) result.push_back(static_cast<int64_t>(std::min<uint64_t>(number, INT64_MAX)));
    return result;
  }
  throw Error::in(name_, key, "an array of integers", describe(found));
}

std::vector<double> GgufFile::numbers(std::string_view key) const {
  const GgufValue& found = value(key);
  if (const auto* numbers = std::get_if<std::vector<double>>(&found)) return *numbers;
  throw Error::in(name_, key, "an array of floating-point numbers", describe(found));
}

const std::vector<std::string>& GgufFile::texts(std::string_view key) const {
  const GgufValue& found = value(key);
  if (const auto* texts = std::get_if<std::vector<std::string>>(&found)) return *texts;
  throw Error::in(name_, key, "an array of strings", describe(found));
}

int GgufFile::size(std::string_view key, int most) const {
  const int64_t result = integer(key);
  if (result < 1 || result > most) throw Error::in(name_, key, fmt::format("1 to {}", most), std::to_string(result));
  return static_cast<int>(result);
}

}  // namespace qvlm
