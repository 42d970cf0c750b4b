// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/isolated.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's kill
#include <span>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "sonde/core/error.h"
#include "sonde/core/isolated_child.h"

namespace sonde {
namespace {

using Clock = std::chrono::steady_clock;

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

// How a request ended. retired: the child had left before it came.
struct Ending {
  enum class How { done, refused, failed, died, late, retired } how = How::done;
  ErrorKind kind = ErrorKind::corrupt_data;
  std::string text;
};

void require_done(const Ending& ending) {
  if (ending.how != Ending::How::done) throw Error(ending.kind, ending.text);
}

// A child, and the way to it.
class IsolatedChild {
 public:
  // `work` gets the child's end.
  IsolatedChild(const std::string& name, const IsolationLimits& limits, const std::function<void(int)>& work)
      : limits_(limits) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      throw Error(ErrorKind::unavailable, name + ": no way to a decoder: " + std::strerror(errno));
    channel_.emplace(ends[0]);
    const Descriptor other(ends[1]);
    const pid_t id = fork();
    if (id < 0)
      throw Error(ErrorKind::unavailable, name + ": no process for a decoder: " + std::strerror(errno));
    if (id == 0) {
      work(enter_isolation(other.get(), limits));
      _exit(kRetiredStatus);
    }
    child_.emplace(id);
  }

  // That a child is gone is seen by what it does not answer.
  void send(const void* data, std::size_t size) const {
    const auto* at = static_cast<const char*>(data);
    while (size > 0) {
      const auto sent = ::send(channel_->get(), at, size, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return;
      at += sent;
      size -= static_cast<std::size_t>(sent);
    }
  }

  Ending receive(const std::string& name, const ByteSink& take) {
    const auto deadline = Clock::now() + limits_.time;
    std::uint64_t left = limits_.memory_bytes;
    std::string text;
    const ByteSink take_text = [&](ByteView bytes) {
      text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    IsolatedFrame frame;
    for (bool answered = false;; answered = true) {
      auto arrival = sonde::receive(channel_->get(), &frame, sizeof(frame), deadline);
      if (arrival == Arrival::complete) {
        if (frame.size > left) return broken(name, Ending::How::died, "returned more than is allowed");
        left -= frame.size;
        arrival = pass_on(frame.size, frame.what == IsolatedFrame::What::piece ? take : take_text, deadline);
      }
      if (arrival == Arrival::late)
        return broken(name, Ending::How::late,
                      "took more than " + std::to_string(limits_.time.count()) + " s and was stopped");
      if (arrival == Arrival::ended) return broken_off(name, answered, child_->wait_until(deadline));
      if (frame.what != IsolatedFrame::What::piece) break;
    }
    if (frame.what == IsolatedFrame::What::done) return {};
    return {frame.what == IsolatedFrame::What::refused ? Ending::How::refused : Ending::How::failed,
            static_cast<ErrorKind>(frame.kind), text};
  }

 private:
  Arrival pass_on(std::uint64_t size, const ByteSink& take, Clock::time_point deadline) {
    buffer_.resize(kIsolatedBufferBytes);
    while (size > 0) {
      const auto part = std::span(buffer_).first(std::min<std::uint64_t>(size, buffer_.size()));
      const auto arrival = sonde::receive(channel_->get(), part.data(), part.size(), deadline);
      if (arrival != Arrival::complete) return arrival;
      take(part);
      size -= part.size();
    }
    return Arrival::complete;
  }
  static Ending broken(const std::string& name, Ending::How how, const std::string& what) {
    return {how, ErrorKind::corrupt_data, name + ": the decoder " + what};
  }
  static Ending broken_off(const std::string& name, bool answered, std::optional<int> status) {
    const bool retired = !answered && status && WIFEXITED(*status) && WEXITSTATUS(*status) == kRetiredStatus;
    return broken(name, retired ? Ending::How::retired : Ending::How::died, how_it_ended(status));
  }

  IsolationLimits limits_;
  std::optional<Descriptor> channel_;
  std::optional<Child> child_;
  std::vector<std::byte> buffer_;
};

// A child that serves.
class ServingChild {
 public:
  ServingChild(const std::string& name, const IsolationLimits& limits, IsolatedService to_serve)
      : service_(to_serve),
        child_(name, limits, [&](int channel) { answer_requests(channel, limits, to_serve); }) {}

  Ending ask(const std::string& name, ByteView request, const ByteSink& take) {
    const IsolatedRequestHead head{name.size(), request.size()};
    child_.send(&head, sizeof(head));
    child_.send(name.data(), name.size());
    child_.send(request.data(), request.size());
    ++asked_;
    return child_.receive(name, take);
  }
  IsolatedService service() const { return service_; }
  int asked() const { return asked_; }

 private:
  IsolatedService service_;
  IsolatedChild child_;
  int asked_ = 0;
};
using ServingChildren = std::vector<std::unique_ptr<ServingChild>>;

// Those that wait for their next request.
class WaitingChildren {
 public:
  std::unique_ptr<ServingChild> take(IsolatedService service) {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find(children_, service, &ServingChild::service);
    if (found == children_.end()) return nullptr;
    auto child = std::move(*found);
    children_.erase(found);
    return child;
  }
  void put(std::unique_ptr<ServingChild> child) {
    constexpr std::size_t kMaxWaiting = 16;
    const std::scoped_lock lock(mutex_);
    if (children_.size() < kMaxWaiting && child->asked() < kMaxIsolatedRequests)
      children_.push_back(std::move(child));
  }

 private:
  std::mutex mutex_;
  ServingChildren children_;
};

WaitingChildren& waiting_children() {
  static WaitingChildren children;
  return children;
}

}  // namespace

std::vector<std::byte> run_isolated(const std::string& name, const IsolationLimits& limits,
                                    const std::function<void(std::vector<std::byte>&)>& work) {
  IsolatedChild child(name, limits, [&](int channel) { answer_once(channel, name, work); });
  std::vector<std::byte> bytes;
  bool is_sized = false;
  require_done(child.receive(name, [&](ByteView piece) {
    if (is_sized) {
      bytes.insert(bytes.end(), piece.begin(), piece.end());
      return;
    }
    std::uint64_t size = 0;
    std::memcpy(&size, piece.data(), std::min(piece.size(), sizeof(size)));
    bytes.reserve(std::min<std::uint64_t>(size, limits.memory_bytes));
    is_sized = true;
  }));
  return bytes;
}

void ask_isolated(const std::string& name, const IsolationLimits& limits, IsolatedService service,
                  ByteView request, const std::function<ByteSink()>& begin) {
  using How = Ending::How;
  auto child = waiting_children().take(service);
  Ending ending{.how = How::retired, .kind = {}, .text = {}};
  if (child != nullptr) ending = child->ask(name, request, begin());
  // Whether a child that served others before would have died of this alone a new one tells.
  if (ending.how == How::retired || ending.how == How::died || ending.how == How::failed) {
    child = std::make_unique<ServingChild>(name, limits, service);
    ending = child->ask(name, request, begin());
  }
  if (ending.how == How::done || ending.how == How::refused) waiting_children().put(std::move(child));
  require_done(ending);
}

}  // namespace sonde
