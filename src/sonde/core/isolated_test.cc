// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/isolated.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <set>
#include <span>
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

// --- A child that is asked again and again.

std::string as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
ByteView bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

// "pid" is answered with the child's number; others do what they say.
void do_as_told(ByteView request, const ByteSink& give) {
  static int served = 0;
  ++served;
  const std::string wanted = as_text(request);
  if (wanted == "refuse") throw Error(ErrorKind::unsupported, "a.png: is not a picture");
  if (wanted == "throw") throw std::runtime_error("first\nsecond");
  if (wanted == "leave if used" && served > 1) _exit(75);  // as one that has had nothing to do
  if (wanted == "large") {
    const std::vector<std::byte> row(70000, std::byte{7});
    for (int i = 0; i < 40; ++i) give(row);
    return;
  }
  give(bytes_of(std::to_string(getpid())));
  if (wanted == "die" || (wanted == "die if used" && served > 1)) std::abort();
}

std::string asked(const std::string& request) {
  std::string reply;
  ask_isolated("a.png", {}, do_as_told, bytes_of(request), [&] {
    reply.clear();
    return [&](ByteView piece) { reply += as_text(piece); };
  });
  return reply;
}
std::string fault_of(const std::string& request) {
  try {
    return asked(request) + " was not a fault";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(AskIsolated, AsksOneChildAfterAnother) {
  const std::string first = asked("pid");
  EXPECT_NE(first, std::to_string(getpid()));
  EXPECT_EQ(asked("pid"), first);
  EXPECT_EQ(fault_of("refuse"), "a.png: is not a picture");
  EXPECT_EQ(asked("pid"), first);
  std::set<std::string> children;
  for (int i = 0; i < 300; ++i) children.insert(asked("pid"));
  EXPECT_EQ(children.size(), 2U);
}

TEST(AskIsolated, LosesTheRequestAloneThatKillsItsChild) {
  const std::string first = asked("pid");
  EXPECT_EQ(fault_of("die"), "a.png: the decoder crashed (SIGABRT)");
  const std::string second = asked("pid");
  EXPECT_NE(second, first);
  EXPECT_EQ(fault_of("throw"), "a.png: the decoder failed: first");
  EXPECT_NE(asked("pid"), second);
}

TEST(AskIsolated, StopsWhatTakesTooLong) {
  const IsolatedService sleep = [](ByteView, const ByteSink&) {
    std::this_thread::sleep_for(std::chrono::seconds(30));
  };
  const auto started = std::chrono::steady_clock::now();
  try {
    ask_isolated("a.png", {.time = std::chrono::seconds(1)}, sleep, {}, [] { return [](ByteView) {}; });
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "a.png: the decoder took more than 1 s and was stopped");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(10));
}

TEST(AskIsolated, AsksANewChildWhatOneThatServedOthersDiedOf) {
  const std::string first = asked("pid");
  const std::string second = asked("die if used");  // whose pieces came twice
  EXPECT_NE(second, first);
  EXPECT_EQ(second.find_first_not_of("0123456789"), std::string::npos);
  EXPECT_EQ(asked("pid"), second);
}

TEST(AskIsolated, AsksANewChildWhereTheOldOneHasLeft) {
  const std::string first = asked("pid");
  EXPECT_NE(asked("leave if used"), first);
}

TEST(AskIsolated, TakesRepliesOfAnySizeAndAboveTheLimitNone) {
  const std::string large = asked("large");
  EXPECT_EQ(large, std::string(std::size_t{70000} * 40, '\7'));
  const IsolationLimits little{.memory_bytes = 1 << 20, .time = std::chrono::seconds(60)};
  // A service of its own, since the limits of one are always the same.
  const IsolatedService same = [](ByteView request, const ByteSink& give) { do_as_told(request, give); };
  EXPECT_THROW(ask_isolated("a.png", little, same, bytes_of("large"), [] { return [](ByteView) {}; }), Error);
}

TEST(AskIsolated, ServesThreadsAtOnce) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "under AddressSanitizer a child forked beside other threads may hang";
#endif
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&good] {
      for (int i = 0; i < 20; ++i) {
        if (asked("large").size() == std::size_t{70000} * 40 &&
            fault_of("refuse").ends_with("not a picture") &&
            (i != 5 || fault_of("die").ends_with("(SIGABRT)")))
          ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 80);
}

}  // namespace
}  // namespace sonde
