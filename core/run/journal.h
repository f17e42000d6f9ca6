// The journal of a run on disk: one JSON line an event, appended and synced as it happens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/run/events.h"

namespace qvlm {

/// Appends events. A line is either whole or, after a crash, a torn last line that the next opening cuts off.
class JournalWriter {
 public:
  /// Creates the file, or opens it behind its last whole line. Throws Error naming the file.
  explicit JournalWriter(const std::filesystem::path& path);
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  /// Progress is skipped: it speaks of the moment only. Everything but candidates and measurements is synced to the disk
  /// before append returns: what follows such an event may rely on it. Throws Error (disk full).
  void append(const TimedEvent& event);

 private:
  std::filesystem::path path_;
  int file_ = -1;
};

/// Every event of a journal. A torn last line is left out; any other line that cannot be read is an Error naming FILE:LINE.
std::vector<TimedEvent> read_journal(const std::filesystem::path& path);

/// Reads a journal that is being written: poll() returns the events since the last call. A file that does not exist yet gives none.
class JournalFollower {
 public:
  explicit JournalFollower(std::filesystem::path path) : path_(std::move(path)) {}
  std::vector<TimedEvent> poll();

 private:
  std::filesystem::path path_;
  int64_t offset_ = 0;  // bytes read so far, always behind a newline
  int64_t line_ = 0;
};

}  // namespace qvlm
