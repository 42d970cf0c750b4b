// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <thread>

namespace sonde {

// A thread that does `work`. Throws Error{unavailable} where no more of them are to be had: their number may
// be limited, and so may be the address space, of which the stack of each takes some.
std::thread start_thread(std::function<void()> work);

}  // namespace sonde
