// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/leftovers.h"

#include <array>
#include <atomic>
#include <cstring>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's sigaction
#include <unistd.h>

#include <climits>

namespace sonde {
namespace {

// What the handler reads may not move or be freed: a slot belongs to its Leftover, or to the handler for
// good.
enum class Use { none, being_filled, filled, ending };
struct Slot {
  std::atomic<Use> use{Use::none};
  std::array<char, PATH_MAX> path{};
};
constexpr std::size_t kMaxLeftovers = 64;
std::array<Slot, kMaxLeftovers> g_slots;  // NOLINT: a signal handler reaches nothing else
static_assert(std::atomic<Use>::is_always_lock_free, "else no signal handler may touch it");

extern "C" void end_by_signal(int signal) {
  for (Slot& slot : g_slots) {
    Use filled = Use::filled;
    if (slot.use.compare_exchange_strong(filled, Use::ending)) ::unlink(slot.path.data());
  }
  constexpr int kBySignal = 128;  // as shells have it
  ::_exit(kBySignal + signal);
}

std::size_t slot_of(const std::filesystem::path& path) {
  const std::string& name = path.native();
  if (name.size() >= PATH_MAX) return kMaxLeftovers;
  for (std::size_t i = 0; i < kMaxLeftovers; ++i) {
    Use none = Use::none;
    if (!g_slots[i].use.compare_exchange_strong(none, Use::being_filled)) continue;
    std::memcpy(g_slots[i].path.data(), name.c_str(), name.size() + 1);
    g_slots[i].use = Use::filled;
    return i;
  }
  return kMaxLeftovers;
}

}  // namespace

Leftover::Leftover(const std::filesystem::path& path) : slot_(slot_of(path)) {}

Leftover::~Leftover() {
  if (slot_ == kMaxLeftovers) return;
  Use filled = Use::filled;
  g_slots[slot_].use.compare_exchange_strong(filled, Use::none);
}

void end_on_signals() {
  struct sigaction action {};
  action.sa_handler = end_by_signal;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGTERM, SIGHUP, SIGINT}) {
    struct sigaction before {};
    if (::sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    ::sigaction(number, &action, nullptr);
  }
}

}  // namespace sonde
