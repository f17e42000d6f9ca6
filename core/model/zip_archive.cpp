// The zip directory (PKWARE APPNOTE 4.3).
#include "core/model/zip_archive.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/base/error.h"

namespace qvlm {

namespace {

constexpr uint32_t kEndSignature = 0x06054b50, kEntrySignature = 0x02014b50, kLocalSignature = 0x04034b50;
constexpr uint32_t kEnd64Signature = 0x06064b50, kLocator64Signature = 0x07064b50;
constexpr size_t kEndBytes = 22, kEntryBytes = 46, kLocalBytes = 30, kLocator64Bytes = 20, kEnd64Bytes = 56;

class Bytes {
 public:
  Bytes(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  uint64_t number(uint64_t at, int count) const {
    const auto part = range(at, static_cast<uint64_t>(count));
    uint64_t value = 0;
    for (int i = 0; i < count; ++i) value |= std::to_integer<uint64_t>(part[static_cast<size_t>(i)]) << (8 * i);
    return value;
  }
  std::span<const std::byte> range(uint64_t at, uint64_t count) const {
    if (at > bytes_.size() || count > bytes_.size() - at)
      throw Error(file_ + ": zip directory points behind the end of the file (cut?)");
    return bytes_.subspan(at, count);
  }
  std::string text(uint64_t at, uint64_t count) const {
    const auto part = range(at, count);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  uint64_t size() const { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
  const std::string& file_;
};

struct Directory {
  uint64_t count, size, offset;
};

Directory find_directory(const Bytes& bytes, const std::string& file) {
  if (bytes.size() < kEndBytes || bytes.number(0, 4) != kLocalSignature)
    throw Error::in(file, "", "a zip file as torch.save writes it since PyTorch 1.6", "something else");
  const uint64_t furthest = bytes.size() - std::min<uint64_t>(bytes.size(), kEndBytes + 65535);
  for (uint64_t at = bytes.size() - kEndBytes + 1; at-- > furthest;) {
    if (bytes.number(at, 4) != kEndSignature) continue;
    Directory directory{bytes.number(at + 10, 2), bytes.number(at + 12, 4), bytes.number(at + 16, 4)};
    if (at >= kLocator64Bytes && bytes.number(at - kLocator64Bytes, 4) == kLocator64Signature) {
      const uint64_t end64 = bytes.number(at - kLocator64Bytes + 8, 8);
      bytes.range(end64, kEnd64Bytes);
      if (bytes.number(end64, 4) == kEnd64Signature)
        directory = {bytes.number(end64 + 32, 8), bytes.number(end64 + 40, 8), bytes.number(end64 + 48, 8)};
    }
    return directory;
  }
  throw Error(file + ": the zip directory at the file's end is missing (the file is cut)");
}

}  // namespace

std::map<std::string, std::span<const std::byte>> read_stored_zip(std::span<const std::byte> data,
                                                                  const std::string& file) {
  const Bytes bytes(data, file);
  const Directory directory = find_directory(bytes, file);
  bytes.range(directory.offset, directory.size);
  if (directory.count > directory.size / kEntryBytes)
    throw Error::in(file, "zip directory", "as many entries as it has room for", std::to_string(directory.count));

  std::map<std::string, std::span<const std::byte>> result;
  uint64_t at = directory.offset;
  for (uint64_t i = 0; i < directory.count; ++i) {
    if (bytes.number(at, 4) != kEntrySignature)
      throw Error(file + ": zip directory: entry " + std::to_string(i) + " is damaged");
    const uint64_t flags = bytes.number(at + 8, 2), method = bytes.number(at + 10, 2);
    uint64_t packed = bytes.number(at + 20, 4), size = bytes.number(at + 24, 4), local = bytes.number(at + 42, 4);
    const uint64_t name_length = bytes.number(at + 28, 2), extra_length = bytes.number(at + 30, 2),
                   comment = bytes.number(at + 32, 2);
    const std::string name = bytes.text(at + kEntryBytes, name_length);
    // A field of all ones says that its value stands in the zip64 extra, in this order.
    const uint64_t extra_end = at + kEntryBytes + name_length + extra_length;
    for (uint64_t extra = at + kEntryBytes + name_length; extra + 4 <= extra_end;) {
      const uint64_t id = bytes.number(extra, 2), length = bytes.number(extra + 2, 2);
      uint64_t value = extra + 4;
      if (id == 1)
        for (uint64_t* wide : {&size, &packed, &local})
          if (*wide == 0xffffffffu && value + 8 <= extra + 4 + length) {
            *wide = bytes.number(value, 8);
            value += 8;
          }
      extra += 4 + length;
    }
    const std::string where = file + ": zip entry " + name;
    if (flags & 1) throw Error(where + ": is encrypted");
    if (method != 0 || packed != size) throw Error(where + ": is compressed; torch.save stores entries as they are");
    if (bytes.number(local, 4) != kLocalSignature) throw Error(where + ": its local header is damaged");
    const uint64_t begin = local + kLocalBytes + bytes.number(local + 26, 2) + bytes.number(local + 28, 2);
    result[name] = bytes.range(begin, size);
    at = extra_end + comment;
  }
  return result;
}

}  // namespace qvlm
