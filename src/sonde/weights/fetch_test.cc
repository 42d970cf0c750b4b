// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/weights/fetch_testing.h"
#include "sonde/weights/refusal_testing.h"
#include "sonde/weights/registry.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string weights() {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(i) + ",";
  return text;
}

std::string sha256_of(const std::string& text) { return sha256_hex(std::as_bytes(std::span(text))); }

// The error's text; its kind is checked.
std::string refusal(const FetchRequest& request, ErrorKind kind) {
  return refusal_of([&] { fetch(request); }, "", kind);
}

class Fetch : public ::testing::Test {
 protected:
  FetchRequest request(const TestServer& server) const {
    return {.url = server.url(), .sha256 = sha256_of(weights()), .target = target()};
  }
  std::filesystem::path target() const { return folder_.path() / "models" / "weights.pth"; }
  std::filesystem::path part() const { return target().string() + ".part"; }
  void expect_fetched() const {
    EXPECT_EQ(content_of(target()), weights());
    EXPECT_FALSE(std::filesystem::exists(part()));
    EXPECT_FALSE(std::filesystem::exists(part().string() + ".version"));
  }

 private:
  TestFolder folder_;
};

TEST_F(Fetch, BringsAFileThatHasTheHashAndTellsTheProgress) {
  const TestServer server({{.content = weights()}});
  std::int64_t done = 0, total = 0;
  fetch(request(server), [&](const ProgressUpdate& update) {
    EXPECT_GT(update.done, done);
    done = update.done;
    total = update.total;
  });
  expect_fetched();
  EXPECT_EQ(done, static_cast<std::int64_t>(weights().size()));
  EXPECT_EQ(total, done);
}

TEST_F(Fetch, KeepsThePartOfACutConnectionAndGoesOnFromThere) {
  const TestServer server(
      {{.content = weights(), .etag = "\"a\"", .cut_at = 1000}, {.content = weights(), .etag = "\"a\""}});
  EXPECT_THAT(refusal(request(server), ErrorKind::unavailable), HasSubstr("1000 bytes are kept"));
  EXPECT_EQ(content_of(part()), weights().substr(0, 1000));
  EXPECT_FALSE(std::filesystem::exists(target()));
  fetch(request(server));
  expect_fetched();
  EXPECT_THAT(server.requests().at(1), HasSubstr("Range: bytes=1000-\r\n"));
  EXPECT_THAT(server.requests().at(1), HasSubstr("If-Range: \"a\"\r\n"));
}

TEST_F(Fetch, StartsAgainWhereTheFileHasChangedOnTheServer) {
  const TestServer server({{.content = "an older file", .etag = "\"old\"", .cut_at = 5},
                           {.content = weights(), .etag = "\"new\""}});
  refusal(request(server), ErrorKind::unavailable);
  fetch(request(server));
  expect_fetched();
}

TEST_F(Fetch, StartsAgainWhereTheServerIgnoresRanges) {
  const TestServer server({{.content = weights(), .has_ranges = false, .cut_at = 1000},
                           {.content = weights(), .has_ranges = false}});
  refusal(request(server), ErrorKind::unavailable);
  fetch(request(server));
  expect_fetched();
}

TEST_F(Fetch, RemovesWhatHasTheWrongHash) {
  const TestServer server({{.content = "something else"}});
  EXPECT_THAT(refusal(request(server), ErrorKind::corrupt_data), HasSubstr("SHA-256"));
  EXPECT_FALSE(std::filesystem::exists(target()));
  EXPECT_FALSE(std::filesystem::exists(part()));
}

TEST_F(Fetch, ChecksAnMd5WhereNothingBetterIsPublished) {
  const TestServer server({{.content = "hello"}});
  auto hello = request(server);
  hello.sha256 = "";
  hello.md5 = "00000000000000000000000000000000";
  EXPECT_THAT(refusal(hello, ErrorKind::corrupt_data), HasSubstr("MD5"));
  hello.md5 = "5d41402abc4b2a76b9719d911017c592";  // RFC 1321's function of "hello", as md5sum gives it
  fetch(hello);
  EXPECT_EQ(content_of(target()), "hello");
}

TEST_F(Fetch, LeavesTheOldFileWhereTheNewOneIsRefused) {
  std::filesystem::create_directories(target().parent_path());
  std::ofstream(target()) << "old";
  const TestServer server({{.content = "something else"}});
  refusal(request(server), ErrorKind::corrupt_data);
  EXPECT_EQ(content_of(target()), "old");
}

TEST_F(Fetch, NamesTheStatusOfAFileThatIsNotThere) {
  const TestServer server({{.content = "not found", .status = 404}});
  EXPECT_THAT(refusal(request(server), ErrorKind::unavailable), HasSubstr("404"));
  EXPECT_FALSE(std::filesystem::exists(part()));
}

TEST_F(Fetch, FinishesAFetchThatWasKilledBeforeTheRenaming) {
  std::filesystem::create_directories(target().parent_path());
  std::ofstream(part()) << weights();
  const TestServer server({{.content = weights()}});
  fetch(request(server));
  expect_fetched();
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Fetch, StartsAgainWhereThePartIsLongerThanTheFile) {
  std::filesystem::create_directories(target().parent_path());
  std::ofstream(part()) << weights() << "and more";
  const TestServer server({{.content = weights()}});
  fetch(request(server));
  expect_fetched();
}

TEST_F(Fetch, FollowsARedirectButNotForEver) {
  const TestServer server({{.content = weights()}});
  const TestServer front({{.content = "moved", .status = 302, .location = server.url()}});
  fetch(request(front));
  expect_fetched();
  const TestServer circle({{.content = "moved", .status = 302, .location = "/again"}});
  EXPECT_THAT(refusal(request(circle), ErrorKind::unavailable), HasSubstr("edirect"));
  EXPECT_LT(circle.requests().size(), 10U);
}

TEST_F(Fetch, FollowsNoRedirectToAFile) {
  const TestServer server({{.content = "moved", .status = 302, .location = "file:///etc/hostname"}});
  refusal(request(server), ErrorKind::unavailable);
  auto local = request(server);
  local.url = "file:///etc/hostname";
  EXPECT_THAT(refusal(local, ErrorKind::usage), HasSubstr("https"));
}

TEST_F(Fetch, RefusesTheWrongRange) {
  struct Liar {
    static std::vector<ServerAnswer> answers() {
      return {{.content = weights(), .cut_at = 1000},
              {.content = weights(), .status = 206, .has_ranges = false}};
    }
  };
  const TestServer server(Liar::answers());
  refusal(request(server), ErrorKind::unavailable);
  EXPECT_THAT(refusal(request(server), ErrorKind::unavailable), HasSubstr("another range"));
  EXPECT_EQ(content_of(part()).size(), 1000U);
}

TEST_F(Fetch, SaysThatNobodyAnswers) {
  std::string url;
  { url = TestServer({{.content = ""}}).url(); }
  const FetchRequest gone{.url = url, .target = target()};
  EXPECT_THAT(refusal(gone, ErrorKind::unavailable), HasSubstr("127.0.0.1"));
}

// A limit on file sizes stands in for a full disk: write() fails in the same place, and needs no privileges.
TEST_F(Fetch, SaysThatTheDiskIsFullAndGoesOnLater) {
  const TestServer server({{.content = weights(), .etag = "\"a\""}});
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{5000, 5000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      fetch(request(server));
    } catch (const Error& error) {
      const bool is_clear =
          std::string(error.what()).find("weights.pth: cannot be written: ") != std::string::npos;
      ::_exit(error.kind() == ErrorKind::unavailable && is_clear ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(content_of(part()), weights().substr(0, 5000));
  EXPECT_FALSE(std::filesystem::exists(target()));
  fetch(request(server));
  expect_fetched();
  EXPECT_THAT(server.requests().back(), HasSubstr("Range: bytes=5000-\r\n"));
}

}  // namespace
}  // namespace sonde
