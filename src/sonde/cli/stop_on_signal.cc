// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/stop_on_signal.h"

namespace sonde {
namespace {

std::atomic<bool> g_stop{false};  // NOLINT: a signal handler reaches nothing else
std::atomic<int> g_signal{0};     // NOLINT: as above

using SignalHandler = void (*)(int);
SignalHandler g_before = SIG_DFL;  // NOLINT: as above; what ended the program at once

extern "C" void ask_to_stop(int signal) {
  g_signal = signal;
  if (g_stop.exchange(true)) {  // the second time at once
    std::signal(signal, g_before);
    std::raise(signal);
  }
}

}  // namespace

StopOnSignal::StopOnSignal() {
  g_stop = false;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    before_.at(i) = std::signal(kSignals.at(i), ask_to_stop);
    if (before_.at(i) == SIG_IGN) std::signal(kSignals.at(i), SIG_IGN);  // as nohup wants it
    if (before_.at(i) != SIG_IGN) g_before = before_.at(i);
  }
}

StopOnSignal::~StopOnSignal() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) std::signal(kSignals.at(i), before_.at(i));
}

const std::atomic<bool>& stop_requested() { return g_stop; }
int stop_signal() { return g_signal; }

}  // namespace sonde
