// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/request_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sonde {
namespace {

// Feeds `step` bytes at a time; returns what is left behind the request.
std::string feed_all(RequestReader& reader, const std::string& bytes, std::size_t step) {
  std::string pending;
  std::size_t at = 0;
  while (!reader.is_complete() && (at < bytes.size() || !pending.empty())) {
    const std::size_t used = pending.empty() ? 0 : reader.feed(pending);
    pending.erase(0, used);
    if (used > 0) continue;
    if (at >= bytes.size()) break;
    const std::string more = bytes.substr(at, step);
    pending += more;
    at += more.size();
  }
  return pending + bytes.substr(std::min(at, bytes.size()));
}

int status_of(const std::string& bytes, RequestLimits limits = {}) {
  RequestReader reader(limits);
  try {
    feed_all(reader, bytes, 4096);
  } catch (const RefusedRequest& refused) {
    return refused.status();
  }
  return reader.is_complete() ? 200 : 0;
}

TEST(RequestReader, ReadsRequestsWhateverPiecesTheyComeIn) {
  const std::string post =
      "POST /api/labels?x=1 HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 5\r\n\r\nhello";
  const std::string chunked =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n";
  for (const std::size_t step : {1u, 2u, 7u, 1000u}) {
    RequestReader reader;
    EXPECT_EQ(feed_all(reader, post + "GET /next", step), "GET /next");
    ASSERT_TRUE(reader.is_complete());
    const Request request = reader.take();
    EXPECT_EQ(request.head.method, "POST");
    EXPECT_EQ(request.head.target, "/api/labels?x=1");
    EXPECT_EQ(request.body, "hello");
    EXPECT_EQ(header_values(request.head, "x-two"), (std::vector<std::string_view>{"1", "2"}));
    EXPECT_EQ(header_value(request.head, "x-two"), std::nullopt);
    EXPECT_EQ(header_value(request.head, "host"), "a");

    RequestReader second;
    EXPECT_EQ(feed_all(second, chunked, step), "");
    ASSERT_TRUE(second.is_complete());
    EXPECT_EQ(second.take().body, "hello");

    RequestReader third;
    EXPECT_EQ(feed_all(third, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", step), "");
    ASSERT_TRUE(third.is_complete());
    EXPECT_EQ(third.take().body, "");
  }
}

TEST(RequestReader, StopsAfterTheHeadSoThatTheBodyCanBeRefused) {
  RequestReader reader;
  const std::string head = "POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_EQ(reader.feed(head + "abc"), head.size());
  EXPECT_TRUE(reader.has_head());
  EXPECT_TRUE(reader.expects_continue());
  EXPECT_FALSE(reader.is_complete());
}

TEST(RequestReader, RefusesWhatIsTooLarge) {
  EXPECT_EQ(status_of("GET /" + std::string(20000, 'x') + " HTTP/1.1\r\n\r\n"), 431);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nX: " + std::string(20000, 'x')), 431);
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 3000; ++i) many += "X" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(status_of(many + "\r\n"), 431);
  const RequestLimits small{.head = 1000, .body = 10};
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789", small), 200);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n0123456789x", small), 413);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\nx", small), 413);
  EXPECT_EQ(
      status_of(
          "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n012345\r\n0\r\n\r\n",
          small),
      413);
}

TEST(RequestReader, RefusesWhatIsNoHttp) {
  for (const char* bytes :
       {"hello\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n",
        "\x16\x03\x01\x02", "GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "GET / HTTP/1.1\r\nA : b\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"})
    EXPECT_EQ(status_of(bytes), 400) << bytes;
}

TEST(RequestReader, KnowsWhenTheConnectionEnds) {
  const auto keeps = [](const std::string& bytes) {
    RequestReader reader;
    feed_all(reader, bytes, 1000);
    return reader.keeps_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

}  // namespace
}  // namespace sonde
