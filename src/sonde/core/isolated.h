// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "sonde/core/bytes.h"

namespace sonde {

struct IsolationLimits {
  std::size_t memory_bytes = std::size_t{8}
                             << 30;  // address space on top of what the process has mapped already
  std::chrono::seconds time{120};    // wall clock
};

// Runs `work` in a child process, so that a third-party decoder that aborts, crashes, hangs or eats the
// memory harms nobody, and returns the bytes it appended to its argument. An Error thrown by `work` arrives
// here as it was; a child that dies or passes a limit is Error{corrupt_data}: "NAME: the decoder ...". `work`
// must not touch threads or files being written.
std::vector<std::byte> run_isolated(const std::string& name, const IsolationLimits& limits,
                                    const std::function<void(std::vector<std::byte>&)>& work);

}  // namespace sonde
