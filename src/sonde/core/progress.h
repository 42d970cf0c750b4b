// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace sonde {

struct ProgressUpdate {
  std::string_view what;   // a noun phrase: "crop 3", "mobile-sam.safetensors"
  std::int64_t done = 0;   // of total, in the work's own unit
  std::int64_t total = 0;  // 0: not known
};

// Called from the thread that does the work. Empty: nobody watches.
using Progress = std::function<void(const ProgressUpdate&)>;

}  // namespace sonde
