// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "sonde/core/progress.h"

namespace sonde {

// A line on stderr that is rewritten, with a bar and the time left; empty where stderr is no terminal.
Progress terminal_progress();
// Wipes the line, so that a message can stand there.
void clear_progress();

}  // namespace sonde
