// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace sonde {

// work(i) for every 0 <= i < count, on the caller and up to threads - 1 helpers that live as long as the
// process; i is handed out in order, and it is not said to which thread. Returns when all are done; the first
// exception is thrown again, and what has not begun by then is left out. Called from within such work, or
// while all helpers are busy for somebody else, the caller does it alone.
void parallel_for(int threads, std::int64_t count, const std::function<void(std::int64_t)>& work);

}  // namespace sonde
