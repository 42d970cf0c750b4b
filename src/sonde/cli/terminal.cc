// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/terminal.h"

#include <algorithm>
#include <chrono>
#include <unistd.h>

#include "sonde/cli/standard_streams.h"

namespace sonde {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kRefresh = std::chrono::milliseconds(100);

bool on_terminal() { return ::isatty(STDERR_FILENO) != 0; }

struct Line {
  std::string what;
  std::int64_t done_at_start = 0;
  Clock::time_point started, shown;

  void restart(const ProgressUpdate& update, Clock::time_point now) {
    what = update.what;
    done_at_start = update.done;
    started = now;
    shown = {};
  }
  // Seconds left at the rate since the start; below 0 while nothing is known.
  double seconds_left(const ProgressUpdate& update, Clock::time_point now) const {
    const auto done = static_cast<double>(update.done - done_at_start);
    if (done <= 0 || update.total <= 0) return -1;
    return std::chrono::duration<double>(now - started).count() / done *
           static_cast<double>(update.total - update.done);
  }
};

std::string bar(double share) {
  constexpr int kBar = 24;
  std::string text(kBar, ' ');
  std::fill_n(text.begin(), static_cast<int>(kBar * std::clamp(share, 0.0, 1.0)), '#');
  return '[' + text + ']';
}

// Past std::cerr, which would show the codes. A terminal that takes nothing has nobody to tell of it.
void rewrite_line(const std::string& text) {
  const std::string codes = "\r\033[K" + escaped_on_one_line(text);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, codes.data(), codes.size());
}

std::string line_of(const ProgressUpdate& update, double seconds_left) {
  std::string text(update.what);
  if (update.total > 0) {
    text += ' ' + bar(static_cast<double>(update.done) / static_cast<double>(update.total)) + ' ' +
            std::to_string(100 * update.done / update.total) + " %";
  } else {
    text += ": " + std::to_string(update.done);
  }
  if (seconds_left >= 1) text += ", " + std::to_string(static_cast<std::int64_t>(seconds_left)) + " s left";
  return text;
}

}  // namespace

Progress terminal_progress() {
  if (!on_terminal()) return {};
  return [line = Line{}](const ProgressUpdate& update) mutable {
    const auto now = Clock::now();
    if (line.what != update.what) line.restart(update, now);
    const bool last = update.total > 0 && update.done >= update.total;
    if (!last && now - line.shown < kRefresh) return;
    line.shown = now;
    rewrite_line(line_of(update, line.seconds_left(update, now)));
    if (last) clear_progress();
  };
}

LineProgress terminal_line() {
  if (!on_terminal()) return {};
  return [shown = Clock::time_point{}](double share, const std::string& text) mutable {
    const auto now = Clock::now();
    if (now - shown < kRefresh) return;
    shown = now;
    rewrite_line(bar(share) + text);
  };
}

std::string in_words(double seconds) {
  const auto s = static_cast<std::int64_t>(seconds + 0.5);
  if (s < 60) return std::to_string(s) + " s";
  if (s < 3600) return std::to_string(s / 60) + " min " + std::to_string(s % 60) + " s";
  return std::to_string(s / 3600) + " h " + std::to_string(s / 60 % 60) + " min";
}

void clear_progress() {
  if (on_terminal()) rewrite_line("");
}

}  // namespace sonde
