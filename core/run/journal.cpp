// Journal files: append with fsync, reading that forgives a torn last line, following.
#include "core/run/journal.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <sys/stat.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

#include "core/base/error.h"

namespace qvlm {
namespace {

#ifdef _WIN32
int open_file(const std::filesystem::path& path) {
  return _wopen(path.c_str(), _O_RDWR | _O_CREAT | _O_BINARY, _S_IREAD | _S_IWRITE);
}
bool cut_file(int file, int64_t size) { return _chsize_s(file, size) == 0 && _lseeki64(file, 0, SEEK_END) >= 0; }
int64_t write_some(int file, const char* data, size_t size) { return _write(file, data, static_cast<unsigned>(size)); }
bool sync_file(int file) { return _commit(file) == 0; }
void close_file(int file) { _close(file); }
#else
int open_file(const std::filesystem::path& path) { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644); }
bool cut_file(int file, int64_t size) { return ::ftruncate(file, size) == 0 && ::lseek(file, 0, SEEK_END) >= 0; }
int64_t write_some(int file, const char* data, size_t size) { return ::write(file, data, size); }
bool sync_file(int file) { return ::fsync(file) == 0 || errno == EINVAL; }
void close_file(int file) { ::close(file); }
#endif

std::string read_from(const std::filesystem::path& path, int64_t offset, bool must_exist) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (!must_exist) return {};
    throw Error(path.string() + ": cannot be opened");
  }
  file.seekg(offset);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Parses the whole lines of `text`; returns the number of bytes that they take.
size_t parse_lines(const std::string& text, const std::filesystem::path& path, int64_t& line, std::vector<TimedEvent>& events) {
  size_t begin = 0;
  for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    ++line;
    if (end > begin) {
      events.push_back(event_from_json_line(text.substr(begin, end - begin), path.string() + ":" + std::to_string(line)));
    }
    begin = end + 1;
  }
  return begin;
}

bool must_be_synced(const Event& event) {
  return !std::holds_alternative<CandidateScored>(event) && !std::holds_alternative<SiteMeasured>(event) &&
         !std::holds_alternative<EntropyMeasured>(event) && !std::holds_alternative<PhaseStarted>(event) &&
         !std::holds_alternative<VeoStep>(event);
}

}  // namespace

JournalWriter::JournalWriter(const std::filesystem::path& path) : path_(path) {
  int64_t whole = 0;
  if (std::filesystem::exists(path)) {
    const std::string text = read_from(path, 0, true);
    const size_t newline = text.rfind('\n');
    whole = newline == std::string::npos ? 0 : static_cast<int64_t>(newline) + 1;
  }
  file_ = open_file(path);
  if (file_ < 0) throw Error(path.string() + ": cannot be written: " + std::strerror(errno));
  if (!cut_file(file_, whole)) {
    const std::string reason = std::strerror(errno);
    close_file(file_);
    throw Error(path.string() + ": the torn last line cannot be cut: " + reason);
  }
}

JournalWriter::~JournalWriter() {
  if (file_ >= 0) close_file(file_);
}

void JournalWriter::append(const TimedEvent& event) {
  if (std::holds_alternative<Progress>(event.event)) return;
  const std::string line = to_json_line(event) + "\n";
  for (size_t written = 0; written < line.size();) {
    const int64_t count = write_some(file_, line.data() + written, line.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw Error(path_.string() + ": cannot be written: " + std::strerror(errno));
    written += static_cast<size_t>(count);
  }
  if (must_be_synced(event.event) && !sync_file(file_)) {
    throw Error(path_.string() + ": cannot be synced: " + std::strerror(errno));
  }
}

std::vector<TimedEvent> read_journal(const std::filesystem::path& path) {
  std::vector<TimedEvent> events;
  int64_t line = 0;
  parse_lines(read_from(path, 0, true), path, line, events);
  return events;
}

std::vector<TimedEvent> JournalFollower::poll() {
  std::vector<TimedEvent> events;
  offset_ += static_cast<int64_t>(parse_lines(read_from(path_, offset_, false), path_, line_, events));
  return events;
}

}  // namespace qvlm
