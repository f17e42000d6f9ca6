// A file mapped read-only into memory: nothing is resident until it is read.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace qvlm {

/// The whole file as bytes, valid while this object lives. Movable, not copyable. Reading is thread-safe.
/// A file that another program cuts while it is mapped raises SIGBUS on access, as with every mapping.
class MappedFile {
 public:
  MappedFile() = default;
  /// Throws Error naming the file: absent, not a regular file, not readable.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

  /// The pages that lie wholly or partly in `range` (a part of bytes()) are not needed any more; they are read again on the next access.
  void release(std::span<const std::byte> range) const;

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace qvlm
