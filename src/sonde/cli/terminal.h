// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sonde/core/progress.h"

namespace sonde {

// A line on stderr that is rewritten, with a bar and the time left; empty where stderr is not a terminal.
Progress terminal_progress();
// The same line for work that tells its own story: a bar for the share done, then the text. Empty where
// stderr is not a terminal.
using LineProgress = std::function<void(double share, const std::string& text)>;
LineProgress terminal_line();
// "12 s", "3 min 5 s", "2 h 7 min"
std::string in_words(double seconds);
// Wipes the line, so that a message can stand there.
void clear_progress();

}  // namespace sonde
