// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/isolated_child.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <fstream>
#include <new>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's kill and sigaction
#include <span>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sonde/core/error.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SONDE_SANITIZED 1  // shadow memory takes terabytes of address space; reports must stay visible
#else
#define SONDE_SANITIZED 0
#endif

namespace sonde {
namespace {

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

}  // namespace

int enter_isolation(int channel, const IsolationLimits& limits) {
  for (const int number :
       {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGALRM}) {
    if (SONDE_SANITIZED == 0 || number == SIGPIPE) signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  constexpr int kChannel = 3;
  if (channel != kChannel) dup2(channel, kChannel);
  close_range(kChannel + 1, ~0U, 0);
  const int nowhere = open("/dev/null", O_RDWR);
  dup2(nowhere, STDIN_FILENO);
  dup2(nowhere, STDOUT_FILENO);
  if (SONDE_SANITIZED == 0) dup2(nowhere, STDERR_FILENO);
  lower_limit(RLIMIT_CORE, 0);
  const auto mapped = mapped_bytes();
  if (SONDE_SANITIZED == 0 && mapped > 0) lower_limit(RLIMIT_AS, mapped + limits.memory_bytes);
  return kChannel;
}

namespace {

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

bool read_all(int descriptor, void* data, std::size_t size) {
  auto* at = static_cast<char*>(data);
  while (size > 0) {
    const auto count = read(descriptor, at, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

// Gathers small pieces of a reply.
class FrameWriter {
 public:
  explicit FrameWriter(int channel) : channel_(channel) { gathered_.reserve(kIsolatedBufferBytes); }
  void give(ByteView bytes) {
    if (gathered_.size() + bytes.size() > kIsolatedBufferBytes) flush();
    if (bytes.size() > kIsolatedBufferBytes)
      send({.size = bytes.size()}, bytes.data());
    else
      gathered_.insert(gathered_.end(), bytes.begin(), bytes.end());
  }
  void flush() {
    if (!gathered_.empty()) send({.size = gathered_.size()}, gathered_.data());
    gathered_.clear();
  }
  void send(const IsolatedFrame& frame, const void* bytes) {
    write_all(channel_, &frame, sizeof(frame));
    write_all(channel_, bytes, frame.size);
  }

 private:
  int channel_;
  std::vector<std::byte> gathered_;
};

// Whether the child may be asked for more: what threw anything but an Error may have left anything behind.
enum class Aftermath { sound, doubtful };

Aftermath reply(int channel, const std::string& name, const std::function<void(FrameWriter&)>& work) {
  using What = IsolatedFrame::What;
  const auto fail = [&](What what, ErrorKind kind, const std::string& text) {
    FrameWriter(channel).send({what, static_cast<std::int32_t>(kind), text.size()}, text.data());
    return what == What::failed ? Aftermath::doubtful : Aftermath::sound;
  };
  const auto broken = [&](const std::string& text) {
    return fail(What::failed, ErrorKind::corrupt_data, name + ": the decoder " + text);
  };
  try {
    FrameWriter writer(channel);
    work(writer);
    writer.flush();
    writer.send({.what = What::done}, nullptr);
    return Aftermath::sound;
  } catch (const Error& error) {
    return fail(What::refused, error.kind(), error.what());
  } catch (const std::bad_alloc&) {
    return broken("needs more memory than is allowed");
  } catch (const std::exception& error) {
    const std::string text = error.what();
    return broken("failed: " + text.substr(0, text.find('\n')));
  } catch (...) {
    return broken("failed");
  }
}

}  // namespace

void answer_once(int channel, const std::string& name,
                 const std::function<void(std::vector<std::byte>&)>& work) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  reply(channel, name, [&](FrameWriter& writer) {
    std::vector<std::byte> bytes;
    work(bytes);
    const std::uint64_t size = bytes.size();
    writer.give(std::as_bytes(std::span(&size, 1)));
    writer.flush();
    writer.give(bytes);
  });
  _exit(0);
}

void answer_requests(int channel, const IsolationLimits& limits, IsolatedService service) {
  constexpr int kIdleMs = 5000;
  for (int served = 0; served < kMaxIsolatedRequests; ++served) {
    pollfd waiting{.fd = channel, .events = POLLIN, .revents = 0};
    IsolatedRequestHead head;
    if (poll(&waiting, 1, kIdleMs) <= 0 || !read_all(channel, &head, sizeof(head))) return;
    std::string name(head.name_size, '\0');
    std::vector<std::byte> request(head.size);
    if (!read_all(channel, name.data(), name.size()) || !read_all(channel, request.data(), request.size()))
      return;
    // Ends the child where its parent is gone and the work hangs.
    alarm(static_cast<unsigned>(limits.time.count()) + 1);
    const Aftermath aftermath = reply(channel, name, [&](FrameWriter& writer) {
      service(request, [&](ByteView bytes) { writer.give(bytes); });
    });
    alarm(0);
    if (aftermath == Aftermath::doubtful) return;
  }
}

}  // namespace sonde
