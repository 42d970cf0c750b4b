// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/isolated.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <fstream>
#include <new>
#include <optional>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's kill and sigaction
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "sonde/core/error.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SONDE_SANITIZED 1  // shadow memory takes terabytes of address space; reports must stay visible
#else
#define SONDE_SANITIZED 0
#endif

namespace sonde {
namespace {

using Clock = std::chrono::steady_clock;

// What travels through the pipe before the bytes: the result, or an error's kind and text.
struct ReplyHead {
  std::int32_t failed = 0;
  std::int32_t kind = 0;
  std::uint64_t size = 0;
};

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close_now(); }
  int get() const { return value_; }
  void close_now() {
    if (value_ >= 0) close(value_);
    value_ = -1;
  }

 private:
  int value_;
};

// A child that is killed and reaped whatever happens to the parent's function.
class Child {
 public:
  explicit Child(pid_t id) : id_(id) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (id_ <= 0) return;
    kill(id_, SIGKILL);
    reap(0);
  }
  // The wait status, or nothing where the child still runs at the deadline.
  std::optional<int> wait_until(Clock::time_point deadline) {
    while (true) {
      if (const auto status = reap(WNOHANG)) return status;
      if (Clock::now() >= deadline) return std::nullopt;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

 private:
  std::optional<int> reap(int flags) {
    int status = 0;
    pid_t answer = -1;
    do {
      answer = waitpid(id_, &status, flags);
    } while (answer < 0 && errno == EINTR);
    if (answer == 0) return std::nullopt;
    id_ = -1;
    return status;
  }
  pid_t id_;
};

// --- The child's side.

std::uint64_t mapped_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  statm >> pages;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void lower_limit(int resource, std::uint64_t value) {
  rlimit limit{};
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_cur, value);
  setrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
}

// Nothing of the parent's files, handlers and output is left to the decoder; the reply goes to the descriptor
// returned.
int shut_in(int reply, const IsolationLimits& limits) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int number : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGHUP, SIGINT, SIGTERM, SIGPIPE}) {
    if (SONDE_SANITIZED == 0 || number == SIGPIPE) signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  constexpr int kReply = 3;
  if (reply != kReply) dup2(reply, kReply);
  close_range(kReply + 1, ~0U, 0);
  const int nowhere = open("/dev/null", O_RDWR);
  dup2(nowhere, STDIN_FILENO);
  dup2(nowhere, STDOUT_FILENO);
  if (SONDE_SANITIZED == 0) dup2(nowhere, STDERR_FILENO);
  lower_limit(RLIMIT_CORE, 0);
  const auto mapped = mapped_bytes();
  if (SONDE_SANITIZED == 0 && mapped > 0) lower_limit(RLIMIT_AS, mapped + limits.memory_bytes);
  return kReply;
}

void write_all(int descriptor, const void* data, std::size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const auto written = write(descriptor, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(1);
    at += written;
    size -= static_cast<std::size_t>(written);
  }
}

[[noreturn]] void reply_and_leave(int reply, const ReplyHead& head, const void* bytes) {
  write_all(reply, &head, sizeof(head));
  write_all(reply, bytes, head.size);
  _exit(0);
}

[[noreturn]] void reply_error(int reply, ErrorKind kind, const std::string& text) {
  reply_and_leave(reply, {.failed = 1, .kind = static_cast<std::int32_t>(kind), .size = text.size()},
                  text.data());
}

[[noreturn]] void run_child(int reply, const std::string& name,
                            const std::function<void(std::vector<std::byte>&)>& work) {
  try {
    std::vector<std::byte> bytes;
    work(bytes);
    reply_and_leave(reply, {.size = bytes.size()}, bytes.data());
  } catch (const Error& error) {
    reply_error(reply, error.kind(), error.what());
  } catch (const std::bad_alloc&) {
    reply_error(reply, ErrorKind::corrupt_data, name + ": the decoder needs more memory than is allowed");
  } catch (const std::exception& error) {
    std::string text = error.what();
    text = text.substr(0, text.find('\n'));
    reply_error(reply, ErrorKind::corrupt_data, name + ": the decoder failed: " + text);
  } catch (...) {
    reply_error(reply, ErrorKind::corrupt_data, name + ": the decoder failed");
  }
}

// --- The parent's side.

enum class Arrival { complete, ended, late };

Arrival receive(int descriptor, void* data, std::size_t size, Clock::time_point deadline) {
  auto* at = static_cast<char*>(data);
  while (size > 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return Arrival::late;
    pollfd waiting{.fd = descriptor, .events = POLLIN, .revents = 0};
    const int ready = poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left, 1 << 30)));
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const auto count = read(descriptor, at, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Arrival::ended;
    at += count;
    size -= static_cast<std::size_t>(count);
  }
  return Arrival::complete;
}

std::string how_it_ended(std::optional<int> status) {
  if (!status) return "was stopped";
  if (!WIFSIGNALED(*status)) return "ended early (status " + std::to_string(WEXITSTATUS(*status)) + ")";
  const int number = WTERMSIG(*status);
  const char* abbreviation = sigabbrev_np(number);
  return "crashed (" +
         (abbreviation != nullptr ? "SIG" + std::string(abbreviation) : std::to_string(number)) + ")";
}

std::vector<std::byte> collect(const std::string& name, const IsolationLimits& limits, Child& child,
                               int descriptor) {
  const auto deadline = Clock::now() + limits.time;
  const auto check = [&](Arrival arrival) {
    if (arrival == Arrival::complete) return;
    if (arrival == Arrival::late)
      throw Error(ErrorKind::corrupt_data, name + ": the decoder took more than " +
                                               std::to_string(limits.time.count()) + " s and was stopped");
    throw Error(ErrorKind::corrupt_data, name + ": the decoder " + how_it_ended(child.wait_until(deadline)));
  };
  ReplyHead head;
  check(receive(descriptor, &head, sizeof(head), deadline));
  if (head.size > limits.memory_bytes)
    throw Error(ErrorKind::corrupt_data, name + ": the decoder returned more than is allowed");
  std::vector<std::byte> bytes(head.size);
  check(receive(descriptor, bytes.data(), bytes.size(), deadline));
  if (head.failed == 0) return bytes;
  throw Error(static_cast<ErrorKind>(head.kind),
              std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace

std::vector<std::byte> run_isolated(const std::string& name, const IsolationLimits& limits,
                                    const std::function<void(std::vector<std::byte>&)>& work) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Error(ErrorKind::unavailable, name + ": no pipe to a decoder: " + std::strerror(errno));
  const Descriptor from_child(ends[0]);
  Descriptor to_parent(ends[1]);
  fcntl(from_child.get(), F_SETPIPE_SZ, 1 << 20);  // fewer switches; the default size does as well
  const pid_t id = fork();
  if (id < 0)
    throw Error(ErrorKind::unavailable, name + ": no process for a decoder: " + std::strerror(errno));
  if (id == 0) {
    const int reply = shut_in(to_parent.get(), limits);
    run_child(reply, name, work);
  }
  Child child(id);
  to_parent.close_now();
  return collect(name, limits, child, from_child.get());
}

}  // namespace sonde
