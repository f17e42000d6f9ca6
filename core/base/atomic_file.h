// Writing a file so that its name never shows half of it: written beside its target, synced, renamed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace qvlm {

/// Streams into a hidden file beside `target`; commit() makes it the target. Without commit() nothing stays.
/// All members throw Error naming the target: folder absent or not writable, disk full, file too large.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  /// Zero bytes up to the next multiple of `alignment`.
  void pad_to(int64_t alignment);
  /// Overwrites bytes already written at `offset`; for a header that is known only at the end.
  void overwrite(int64_t offset, std::span<const std::byte> bytes);
  /// Bytes written so far.
  int64_t position() const { return position_; }
  /// Syncs and renames. Nothing may be written afterwards.
  void commit();
  /// The same without waiting for the disk: for what a crash may take.
  void commit_scratch() { put_in_place(/*durable=*/false); }

 private:
  void flush();
  void write_out(std::string_view text);
  void put_in_place(bool durable);
  [[noreturn]] void fail(std::string_view action, int problem) const;

  std::filesystem::path target_, temporary_;
  int file_ = -1;
  int64_t position_ = 0;
  std::string buffer_;
};

/// The whole file at once.
void write_file(const std::filesystem::path& target, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& target, std::string_view text);
/// The same without waiting for the disk: for what a crash may take.
void write_scratch_file(const std::filesystem::path& target, std::span<const std::byte> bytes);

}  // namespace qvlm
