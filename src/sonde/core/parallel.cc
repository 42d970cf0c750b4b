// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <unistd.h>

#include "sonde/core/start_thread.h"

namespace sonde {
namespace {

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): a thread's own
thread_local bool is_inside_work = false;
thread_local int max_threads = std::numeric_limits<int>::max();
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

// One call of parallel_for.
class Job {
 public:
  Job(std::int64_t count, const std::function<void(std::int64_t)>& work) : count_(count), work_(work) {}

  void take_part() {
    is_inside_work = true;
    for (std::int64_t i = next_++; i < count_; i = next_++) {
      try {
        work_(i);
      } catch (...) {
        next_ = count_;
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = std::current_exception();
      }
    }
    is_inside_work = false;
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::atomic<std::int64_t> next_ = 0;
  std::int64_t count_;
  const std::function<void(std::int64_t)>& work_;
  std::mutex mutex_;
  std::exception_ptr error_;
};

// How long a thread looks before it sleeps: about what waking it would take. Longer would take the core from
// other programs.
constexpr int kSpinIterations = 2000;

template <typename Condition>
void spin_until(const Condition& condition) {
  for (int i = 0; i < kSpinIterations && !condition(); ++i) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
}

// The helpers. They are never ended. A forked child has none, and one of its parent's may have held the
// mutex: there the caller does it alone.
class Helpers {
 public:
  void run(Job& job, int wanted) {
    if (getpid() != process_) return job.take_part();
    const std::unique_lock use(in_use_, std::try_to_lock);
    if (!use.owns_lock()) return job.take_part();
    {
      const std::lock_guard lock(mutex_);
      wanted = started_of(wanted);
      job_ = &job;
      places_ = wanted;
      ++call_;
    }
    called_.notify_all();
    job.take_part();
    {
      const std::lock_guard lock(mutex_);
      places_ = 0;
    }
    spin_until([this] { return busy_ == 0; });
    std::unique_lock lock(mutex_);
    left_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  // With fewer, or none, the caller does more itself.
  int started_of(int wanted) {
    try {
      for (; started_ < wanted; ++started_) start_thread([this] { serve(); }).detach();
    } catch (const std::exception&) {
    }
    return std::min(started_, wanted);
  }
  void serve() {
    for (std::uint64_t seen = 0;;) {
      spin_until([&] { return call_ != seen; });
      std::unique_lock lock(mutex_);
      called_.wait(lock, [&] { return call_ != seen; });
      seen = call_;
      if (places_ == 0) continue;
      --places_;
      ++busy_;
      Job& job = *job_;
      lock.unlock();
      job.take_part();
      lock.lock();
      if (--busy_ == 0) left_.notify_one();
    }
  }

  const pid_t process_ = getpid();
  std::mutex in_use_, mutex_;
  std::condition_variable called_, left_;
  std::atomic<std::uint64_t> call_ = 0;
  std::atomic<int> busy_ = 0;
  Job* job_ = nullptr;
  int places_ = 0, started_ = 0;
};

Helpers& helpers() {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): its threads outlive main
  static auto* const the_helpers = new Helpers;
  return *the_helpers;
}

}  // namespace

void parallel_for(int threads, std::int64_t count, const std::function<void(std::int64_t)>& work) {
  const auto wanted = static_cast<int>(std::min<std::int64_t>(std::min(threads, max_threads), count));
  if (wanted <= 1 || is_inside_work) {
    for (std::int64_t i = 0; i < count; ++i) work(i);
    return;
  }
  Job job(count, work);
  helpers().run(job, wanted - 1);
  job.rethrow();
}

ThreadLimit::ThreadLimit(int max) : before_(max_threads) { max_threads = std::min(before_, max); }
ThreadLimit::~ThreadLimit() { max_threads = before_; }

}  // namespace sonde
