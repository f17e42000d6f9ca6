// AtomicFile over POSIX calls, so that every failure has its reason.
#include "core/base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "core/base/error.h"

namespace qvlm {

namespace {

constexpr size_t kBufferBytes = 1 << 20;

// Two writers of one target in one process must not share a temporary.
std::filesystem::path temporary_beside(const std::filesystem::path& target) {
  static std::atomic<unsigned> counter{0};
  return target.parent_path() / ("." + target.filename().string() + "." + std::to_string(::getpid()) + "." +
                                 std::to_string(counter++) + ".tmp");
}

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& target) : target_(target), temporary_(temporary_beside(target)) {
  file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file_ < 0) fail("cannot be created", errno);
}

AtomicFile::~AtomicFile() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::fail(std::string_view action, int problem) const {
  std::string reason = std::strerror(problem);
  if (problem == ENOSPC || problem == EDQUOT) reason = "the disk is full (" + reason + ")";
  if (problem == EFBIG) reason = "larger than this system lets a file be (" + reason + ")";
  if (problem == EACCES || problem == EPERM || problem == EROFS) reason = "the folder is not writable (" + reason + ")";
  if (problem == ENOENT || problem == ENOTDIR) reason = "its folder does not exist (" + reason + ")";
  throw Error(target_.string() + ": " + std::string(action) + ": " + reason);
}

void AtomicFile::flush() {
  write_out(buffer_);
  buffer_.clear();
}

void AtomicFile::write_out(std::string_view text) {
  const char* data = text.data();
  size_t left = text.size();
  while (left > 0) {
    const ssize_t written = ::write(file_, data, left);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("cannot be written", written == 0 ? ENOSPC : errno);
    data += written;
    left -= static_cast<size_t>(written);
  }
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AtomicFile::write(std::string_view text) {
  if (file_ < 0) throw Error(target_.string() + ": written after it was finished");
  if (text.size() >= kBufferBytes) {
    flush();
    write_out(text);
  } else {
    buffer_.append(text);
  }
  position_ += static_cast<int64_t>(text.size());
  if (buffer_.size() >= kBufferBytes) flush();
}

void AtomicFile::pad_to(int64_t alignment) {
  const int64_t over = position_ % alignment;
  if (over != 0) write(std::string(static_cast<size_t>(alignment - over), '\0'));
}

void AtomicFile::overwrite(int64_t offset, std::span<const std::byte> bytes) {
  flush();
  if (offset < 0 || offset + static_cast<int64_t>(bytes.size()) > position_)
    throw Error(target_.string() + ": overwrite beyond what was written");
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t written = ::pwrite(file_, bytes.data() + done, bytes.size() - done,
                                     static_cast<off_t>(offset + static_cast<int64_t>(done)));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("cannot be written", written == 0 ? ENOSPC : errno);
    done += static_cast<size_t>(written);
  }
}

void AtomicFile::commit() { put_in_place(/*durable=*/true); }

void AtomicFile::put_in_place(bool durable) {
  flush();
  if (durable && ::fsync(file_) != 0 && errno != EINVAL) fail("cannot be synced", errno);
  const int closed = ::close(file_);
  file_ = -1;
  if (closed != 0 || ::rename(temporary_.c_str(), target_.c_str()) != 0) {
    const int problem = errno;
    ::unlink(temporary_.c_str());
    fail("cannot be put in place", problem);
  }
  if (!durable) return;
  // The rename itself is durable only when the folder is synced.
  const std::filesystem::path folder = target_.parent_path().empty() ? "." : target_.parent_path();
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
}

void write_file(const std::filesystem::path& target, std::span<const std::byte> bytes) {
  AtomicFile file(target);
  file.write(bytes);
  file.commit();
}

void write_scratch_file(const std::filesystem::path& target, std::span<const std::byte> bytes) {
  AtomicFile file(target);
  file.write(bytes);
  file.commit_scratch();
}

void write_file(const std::filesystem::path& target, std::string_view text) {
  write_file(target, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace qvlm
