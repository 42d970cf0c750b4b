// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/isolated.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

using Bytes = std::vector<std::byte>;

// The error of a piece of work, as "KIND: text".
Error error_of(const std::function<void(Bytes&)>& work, const IsolationLimits& limits = {}) {
  try {
    run_isolated("a.dcm", limits, work);
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::internal, "nothing was thrown");
}

TEST(RunIsolated, ReturnsTheBytesThatTheWorkAppended) {
  const auto bytes = run_isolated("a.dcm", {}, [](Bytes& out) {
    out.push_back(std::byte{1});
    out.push_back(std::byte{250});
  });
  EXPECT_EQ(bytes, (Bytes{std::byte{1}, std::byte{250}}));
  EXPECT_TRUE(run_isolated("a.dcm", {}, [](Bytes&) {}).empty());
}

TEST(RunIsolated, CarriesAResultLargerThanAPipe) {
  constexpr std::size_t kSize = std::size_t{33} << 20;
  const auto bytes = run_isolated("a.dcm", {}, [](Bytes& out) {
    out.resize(kSize);
    for (std::size_t i = 0; i < kSize; ++i) out[i] = static_cast<std::byte>(i * 7 >> 3);
  });
  ASSERT_EQ(bytes.size(), kSize);
  for (std::size_t i = 0; i < kSize; i += 4093) ASSERT_EQ(bytes[i], static_cast<std::byte>(i * 7 >> 3));
}

TEST(RunIsolated, ForwardsAnErrorWithItsKind) {
  const auto error = error_of([](Bytes&) { throw Error(ErrorKind::unsupported, "a.dcm: holds no picture"); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_STREQ(error.what(), "a.dcm: holds no picture");
}

TEST(RunIsolated, TurnsForeignExceptionsIntoOneLine) {
  const auto error = error_of([](Bytes&) { throw std::runtime_error("first\nsecond"); });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt_data);
  EXPECT_STREQ(error.what(), "a.dcm: the decoder failed: first");
  EXPECT_STREQ(error_of([](Bytes&) { throw 3; }).what(), "a.dcm: the decoder failed");
}

TEST(RunIsolated, NamesTheSignalOfACrash) {
  const auto error = error_of([](Bytes&) { std::abort(); });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt_data);
  EXPECT_STREQ(error.what(), "a.dcm: the decoder crashed (SIGABRT)");
  EXPECT_STREQ(error_of([](Bytes&) { kill(getpid(), SIGKILL); }).what(),
               "a.dcm: the decoder crashed (SIGKILL)");
}

TEST(RunIsolated, ReportsAnExitThatGivesNoResult) {
  EXPECT_STREQ(error_of([](Bytes&) { _exit(7); }).what(), "a.dcm: the decoder ended early (status 7)");
}

TEST(RunIsolated, StopsWorkThatTakesTooLong) {
  const auto started = std::chrono::steady_clock::now();
  const auto error = error_of([](Bytes&) { std::this_thread::sleep_for(std::chrono::seconds(30)); },
                              {.time = std::chrono::seconds(1)});
  EXPECT_EQ(error.kind(), ErrorKind::corrupt_data);
  EXPECT_STREQ(error.what(), "a.dcm: the decoder took more than 1 s and was stopped");
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(10));
}

TEST(RunIsolated, StopsAChildThatClosesThePipeAndRunsOn) {
  const auto error = error_of(
      [](Bytes&) {
        close(3);
        std::this_thread::sleep_for(std::chrono::seconds(30));
      },
      {.time = std::chrono::seconds(1)});
  EXPECT_STREQ(error.what(), "a.dcm: the decoder was stopped");
}

TEST(RunIsolated, LimitsMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "address space cannot be limited under a sanitizer";
#endif
  const auto error =
      error_of([](Bytes& out) { out.resize(std::size_t{1} << 30); }, {.memory_bytes = std::size_t{64} << 20});
  EXPECT_EQ(error.kind(), ErrorKind::corrupt_data);
  EXPECT_STREQ(error.what(), "a.dcm: the decoder needs more memory than is allowed");
}

TEST(RunIsolated, HidesTheParentsFilesAndOutput) {
  const int any = open("/dev/null", O_RDONLY);
  const int open_file = fcntl(any, F_DUPFD, 10);  // 3 is the child's way back
  close(any);
  testing::internal::CaptureStdout();
  const auto bytes = run_isolated("a.dcm", {}, [&](Bytes& out) {
    std::ignore = write(STDOUT_FILENO, "warning", 7);
    out.push_back(static_cast<std::byte>(fcntl(open_file, F_GETFD) == -1 ? 1 : 0));
  });
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(bytes, Bytes{std::byte{1}});
  EXPECT_NE(fcntl(open_file, F_GETFD), -1);
  close(open_file);
}

TEST(RunIsolated, LeavesTheParentUntouched) {
  int changed = 0;
  run_isolated("a.dcm", {}, [&](Bytes&) { changed = 1; });
  EXPECT_EQ(changed, 0);
}

TEST(RunIsolated, WorksFromSeveralThreadsAtOnce) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "under AddressSanitizer a child forked beside other threads may hang";
#endif
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&good, t] {
      for (int i = 0; i < 10; ++i) {
        const auto bytes =
            run_isolated("a.dcm", {}, [&](Bytes& out) { out.assign(1000, static_cast<std::byte>(t)); });
        const auto crash = error_of([](Bytes&) { std::abort(); });
        const bool right =
            std::ranges::all_of(bytes, [t](std::byte b) { return b == static_cast<std::byte>(t); });
        if (right && bytes.size() == 1000 && std::string(crash.what()).ends_with("(SIGABRT)")) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 40);
}

}  // namespace
}  // namespace sonde
