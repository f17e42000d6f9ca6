// fork, exec, and two pipes.
#include "app/cli/child_command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace qvlm::cli {

namespace {

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) < 0) throw Error(std::string("a child process cannot be started: ") + std::strerror(errno));
    read = ends[0];
    write = ends[1];
  }
  ~Pipe() {
    close_write();
    if (read >= 0) close(read);
  }
  void close_write() {
    if (write >= 0) close(write);
    write = -1;
  }
};

/// Between fork and exec only calls that a signal handler may make.
[[noreturn]] void become(char* const* arguments, const Pipe& out, const Pipe& errors, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGINT);
  if (getppid() != parent) _exit(1);  // it is gone already
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(out.write, STDOUT_FILENO) < 0 ||
      dup2(errors.write, STDERR_FILENO) < 0) {
    _exit(127);
  }
  execv("/proc/self/exe", arguments);
  _exit(127);
}

/// A started process; one that nobody waited for is asked to end.
class Child {
 public:
  explicit Child(pid_t id) : id_(id) {}
  ~Child() {
    if (id_ < 0) return;
    kill(id_, SIGINT);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  /// Its exit status, or 128 + the signal that ended it.
  int wait() {
    int status = 0;
    while (waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t id_;
};

/// Until both pipes end: lines of the one, everything of the other.
void read_both(int out, int errors, const std::function<void(const std::string&)>& on_line, std::string& all_errors) {
  std::array<pollfd, 2> files{{{out, POLLIN, 0}, {errors, POLLIN, 0}}};
  std::string line;
  std::vector<char> some(65536);
  while (files[0].fd >= 0 || files[1].fd >= 0) {
    if (poll(files.data(), files.size(), -1) < 0) continue;  // a signal; the pipes end with the child
    for (pollfd& file : files) {
      if (file.fd < 0 || file.revents == 0) continue;
      const ssize_t count = read(file.fd, some.data(), some.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        file.fd = -1;
        continue;
      }
      std::string& target = &file == &files[1] ? all_errors : line;
      target.append(some.data(), static_cast<size_t>(count));
      if (&file == &files[1]) continue;
      size_t from = 0;
      for (size_t end = line.find('\n'); end != std::string::npos; end = line.find('\n', from)) {
        on_line(line.substr(from, end - from));
        from = end + 1;
      }
      line.erase(0, from);
    }
  }
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& arguments, const std::function<void(const std::string&)>& on_line,
                      std::stop_token stop) {
  std::vector<std::string> texts = arguments;
  texts.insert(texts.begin(), "qvlm");
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  Pipe out, errors;
  const pid_t parent = getpid(), child = fork();
  if (child < 0) throw Error(std::string("a child process cannot be started: ") + std::strerror(errno));
  if (child == 0) become(pointers.data(), out, errors, parent);
  out.close_write();
  errors.close_write();

  Child running(child);
  ChildResult result;
  {
    const std::stop_callback ask_to_end(stop, [child] { kill(child, SIGINT); });
    read_both(out.read, errors.read, on_line, result.errors);
  }
  result.status = running.wait();
  if (stop.stop_requested()) throw Cancelled();
  return result;
}

}  // namespace qvlm::cli
