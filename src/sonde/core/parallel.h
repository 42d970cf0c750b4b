// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace sonde {

// work(i) for every 0 <= i < count, on the caller and up to threads - 1 helpers that live as long as the
// process; i is handed out in order, and it is not said to which thread. Returns when all are done; the first
// exception is thrown again, and what has not begun by then is left out. Called from within such work, or
// while all helpers are busy for somebody else, the caller does it alone; where threads are not to be had,
// there are fewer helpers.
void parallel_for(int threads, std::int64_t count, const std::function<void(std::int64_t)>& work);

// While it lives, parallel_for on this thread uses at most `max` threads: for work in the background that
// leaves the other cores, and the helpers, to whoever waits for an answer.
class ThreadLimit {
 public:
  explicit ThreadLimit(int max);
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;
  ~ThreadLimit();

 private:
  int before_;
};

}  // namespace sonde
