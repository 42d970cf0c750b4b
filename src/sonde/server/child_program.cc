// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/child_program.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr int kNice = 10, kCannotRun = 127, kBySignal = 128;  // the last two as shells have them
constexpr std::chrono::seconds kTimeToStop{15};               // a step and a state to be written
constexpr std::size_t kMaxLine = std::size_t{1} << 16;

[[noreturn]] void refuse(const std::string& program) {
  throw Error(ErrorKind::unavailable,
              program + ": cannot be started: " + std::generic_category().message(errno));
}

// In the child, where other threads' locks may be held for ever: system calls alone.
[[noreturn]] void become(char* const* command, int errors, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(kCannotRun);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE}) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setpriority(PRIO_PROCESS, 0, kNice);
  const int nowhere = ::open("/dev/null", O_RDWR);  // NOLINT: POSIX
  ::dup2(nowhere, STDIN_FILENO);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);  // the port would stay taken
  ::execv(command[0], command);
  ::_exit(kCannotRun);
}

}  // namespace

ChildProgram::ChildProgram(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& one : command)
    arguments.push_back(const_cast<char*>(one.c_str()));  // NOLINT: POSIX
  arguments.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) refuse(command.front());
  const pid_t parent = ::getpid();
  child_ = ::fork();
  if (child_ == 0) become(arguments.data(), ends[1], parent);
  ::close(ends[1]);
  errors_ = ends[0];
  if (child_ < 0) {
    ::close(errors_);
    refuse(command.front());
  }
}

ChildProgram::~ChildProgram() {
  tell_to_stop();
  const auto end = std::chrono::steady_clock::now() + kTimeToStop;
  while (child_ > 0 && ::waitpid(child_, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) ::kill(child_, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ::close(errors_);  // last: it may still have to speak
}

void ChildProgram::tell_to_stop() const {
  if (child_ > 0) ::kill(child_, SIGTERM);
}

ChildProgram::Said ChildProgram::next(std::chrono::milliseconds wait) {
  const auto cut = [&](std::size_t length, std::size_t skipped) {
    Said said{rest_.substr(0, length)};
    rest_.erase(0, length + skipped);
    return said;
  };
  for (;;) {
    if (const auto end = rest_.find('\n'); end != std::string::npos) return cut(end, 1);
    if (rest_.size() > kMaxLine) return cut(rest_.size(), 0);
    pollfd waiting{errors_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(wait.count()));
    if (ready <= 0) return {};
    std::array<char, 4096> bytes{};
    const ssize_t count = ::read(errors_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      if (!rest_.empty()) return cut(rest_.size(), 0);
      return {std::nullopt, Said::State::silent};
    }
    rest_.append(bytes.data(), static_cast<std::size_t>(count));
  }
}

int ChildProgram::wait() {
  int status = 0;
  while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kBySignal + WTERMSIG(status);
}

}  // namespace sonde
