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

using ByteSink = std::function<void(ByteView)>;

// What a child is asked for again and again. Of the case it knows `request` alone: what the program opened or
// changed after the child began is not there. The reply goes to `give` in pieces and never lies in memory as
// a whole.
using IsolatedService = void (*)(ByteView request, const ByteSink& give);

// As run_isolated, but a child serves one request after another until it has had none for five seconds: small
// files do not cost a process each, and one that kills its child costs no other file anything. `begin` gives
// what takes the pieces of a reply, in order and cut anywhere; it is called again where a child that had
// served others before died, and the request goes to a new one. What was taken counts only if this returns.
// The limits of a service are always the same. Threads may ask at once, each has a child of its own.
void ask_isolated(const std::string& name, const IsolationLimits& limits, IsolatedService service,
                  ByteView request, const std::function<ByteSink()>& begin);

}  // namespace sonde
