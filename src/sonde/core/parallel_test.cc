// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/parallel.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(ParallelFor, DoesEveryPieceOnceWhateverTheNumberOfThreads) {
  for (const int threads : {1, 2, 3, 8}) {
    for (const std::int64_t count : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> done(static_cast<std::size_t>(count));
      parallel_for(threads, count, [&](std::int64_t i) { ++done[static_cast<std::size_t>(i)]; });
      for (const auto& times : done) EXPECT_EQ(times, 1);
    }
  }
}

TEST(ParallelFor, UsesSeveralThreads) {
  // Two pieces that wait for one another.
  std::atomic<int> arrived = 0;
  parallel_for(2, 2, [&](std::int64_t) {
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
  });
  EXPECT_EQ(arrived, 2);
}

TEST(ParallelFor, KeepsToTheCallersLimit) {
  const auto meet = [](std::atomic<int>& arrived) {  // two pieces that wait for one another
    parallel_for(2, 2, [&](std::int64_t) {
      ++arrived;
      while (arrived < 2) std::this_thread::yield();
    });
  };
  {
    const ThreadLimit alone(1);
    const ThreadLimit wider(4);  // the narrower one holds
    const auto caller = std::this_thread::get_id();
    parallel_for(8, 100, [&](std::int64_t) { EXPECT_EQ(std::this_thread::get_id(), caller); });
    std::atomic<int> arrived = 0;
    std::thread([&] { meet(arrived); }).join();  // another thread is not limited
    EXPECT_EQ(arrived, 2);
  }
  std::atomic<int> arrived = 0;
  meet(arrived);
  EXPECT_EQ(arrived, 2);
}

TEST(ParallelFor, ThrowsWhatAPieceThrewAndWorksAgain) {
  std::atomic<int> done = 0;
  EXPECT_THROW(parallel_for(3, 100,
                            [&](std::int64_t i) {
                              if (i == 5) throw std::runtime_error("five");
                              ++done;
                            }),
               std::runtime_error);
  EXPECT_LT(done, 100);
  parallel_for(3, 10, [&](std::int64_t) { ++done; });
  EXPECT_GE(done, 10);
}

TEST(ParallelFor, MayBeNestedAndCalledBySeveralThreadsAtOnce) {
  std::atomic<int> done = 0;
  const auto nested = [&] {
    parallel_for(4, 10, [&](std::int64_t) { parallel_for(4, 10, [&](std::int64_t) { ++done; }); });
  };
  std::thread other([&] {
    for (int i = 0; i < 50; ++i) nested();
  });
  for (int i = 0; i < 50; ++i) nested();
  other.join();
  EXPECT_EQ(done, 2 * 50 * 100);
}

TEST(ParallelFor, WorksInAForkedChildWhichHasNoHelpers) {
  parallel_for(2, 2, [](std::int64_t) {});
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::atomic<int> done = 0;
    parallel_for(2, 100, [&](std::int64_t) { ++done; });
    _exit(done == 100 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace sonde
