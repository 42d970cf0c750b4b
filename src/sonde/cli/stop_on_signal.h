// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>

namespace sonde {

// Ctrl-C (SIGINT), SIGTERM and SIGHUP ask a long work to stop at its next good moment, as long as this lives;
// the second one ends the program at once. One that is ignored stays so (nohup).
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  static constexpr std::array kSignals{SIGHUP, SIGINT, SIGTERM};
  using Handler = void (*)(int);
  std::array<Handler, kSignals.size()> before_{};
};
// Set once a signal has come, since the last StopOnSignal began.
const std::atomic<bool>& stop_requested();
int stop_signal();  // its number

}  // namespace sonde
