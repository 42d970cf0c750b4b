// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/http_server.h"

#include <atomic>
#include <csignal>
#include <list>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/server/connection_testing.h"

namespace sonde {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// A server that says back what it was asked. "/private" is refused from its head, "/slow" takes 300 ms,
// "/large" is 8 MB.
class Echo {
 public:
  explicit Echo(HttpLimits limits = {}) : server_("127.0.0.1", 0, limits), thread_([this] { run(); }) {}
  ~Echo() {
    server_.stop();
    thread_.join();
  }
  HttpServer& server() { return server_; }
  TestConnection connect() { return TestConnection(server_.port()); }
  void stop() { server_.stop(); }
  int running() const { return running_; }

 private:
  void run() {
    const auto refusal = [](const RequestHead& head) -> std::optional<Response> {
      if (head.target != "/private") return std::nullopt;
      return error_response(401, "forbidden", "no");
    };
    const auto handle = [this](const Request& request) {
      ++running_;
      Response response;
      response.body = request.head.method + " " + request.head.target + " " + request.body;
      if (request.head.target == "/slow") std::this_thread::sleep_for(300ms);
      if (request.head.target == "/large") response.body = std::string(8u << 20, 'x');
      --running_;
      return response;
    };
    server_.run({refusal, handle});
  }

  HttpServer server_;
  std::atomic<int> running_ = 0;
  std::thread thread_;
};

std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
std::string post(const std::string& target, const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

TEST(HttpServer, AnswersOneRequestAfterAnotherOnAConnection) {
  Echo echo;
  TestConnection connection = echo.connect();
  for (int i = 0; i < 3; ++i) {
    connection.send(post("/a", "body " + std::to_string(i)));
    const auto answer = connection.receive();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "POST /a body " + std::to_string(i));
    EXPECT_THAT(answer.head, HasSubstr("Date: "));
  }
}

TEST(HttpServer, AnswersRequestsThatCameTogetherInTheirOrder) {
  Echo echo;
  TestConnection connection = echo.connect();
  connection.send(get("/slow") + post("/b", "x") + get("/c"));
  EXPECT_EQ(connection.receive().body, "GET /slow ");
  EXPECT_EQ(connection.receive().body, "POST /b x");
  EXPECT_EQ(connection.receive().body, "GET /c ");
}

TEST(HttpServer, AnswersWhoHasEndedSending) {
  Echo echo;
  TestConnection connection = echo.connect();
  connection.send(get("/slow"));
  connection.end_sending();
  EXPECT_EQ(connection.receive().body, "GET /slow ");
  EXPECT_TRUE(connection.is_closed_by_server());
}

TEST(HttpServer, SendsLargeAnswersWhole) {
  Echo echo;
  TestConnection connection = echo.connect();
  connection.send(get("/large"));
  EXPECT_EQ(connection.receive().body.size(), 8u << 20);
  connection.send(get("/after"));
  EXPECT_EQ(connection.receive().body, "GET /after ");
}

TEST(HttpServer, ClosesWhenAskedTo) {
  Echo echo;
  TestConnection connection = echo.connect();
  connection.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto answer = connection.receive();
  EXPECT_THAT(answer.head, HasSubstr("Connection: close"));
  EXPECT_TRUE(connection.is_closed_by_server());
}

TEST(HttpServer, RefusesFromTheHeadAloneWithoutReadingTheBody) {
  Echo echo;
  TestConnection connection = echo.connect();
  connection.send("POST /private HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n");
  EXPECT_EQ(connection.receive().status, 401);
  TestConnection second = echo.connect();
  second.send(get("/private") + get("/open"));
  EXPECT_EQ(second.receive().status, 401);
  EXPECT_EQ(second.receive().status, 200);
}

TEST(HttpServer, GivesItsWordToThoseWhoWaitBeforeTheySendABody) {
  Echo echo;
  TestConnection connection = echo.connect();
  connection.send("POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(connection.receive().status, 100);
  connection.send("hi");
  EXPECT_EQ(connection.receive().body, "POST /a hi");
}

TEST(HttpServer, RefusesWhatIsMalformedOrTooLargeAndGoesOn) {
  Echo echo;
  const auto status = [&](const std::string& bytes) {
    TestConnection connection = echo.connect();
    connection.send(bytes);
    const auto answer = connection.receive();
    EXPECT_TRUE(connection.is_closed_by_server()) << bytes.substr(0, 80);
    return answer.status;
  };
  EXPECT_EQ(status("\x16\x03\x01\x02\x00\x01\r\n\r\n"), 400);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nbad header\r\n\r\n"), 400);
  EXPECT_EQ(status("GET /" + std::string(20000, 'x') + " HTTP/1.1\r\n\r\n"), 431);
  EXPECT_EQ(
      status("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n" + std::string(100000, 'x')),
      413);
  EXPECT_EQ(status(post("/", std::string((4u << 20) + 1, 'x'))), 413);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            400);
  TestConnection connection = echo.connect();
  connection.send(post("/", std::string(4u << 20, 'x')));
  EXPECT_EQ(connection.receive().status, 200);
}

TEST(HttpServer, SurvivesThoseWhoLeaveAtAnyTime) {
  Echo echo;
  const std::string request = post("/slow", "some body");
  for (std::size_t cut = 0; cut <= request.size(); cut += 3) {
    TestConnection connection = echo.connect();
    connection.send(request.substr(0, cut));
  }
  TestConnection connection = echo.connect();
  connection.send(get("/still"));
  EXPECT_EQ(connection.receive().body, "GET /still ");
}

TEST(HttpServer, AnswersManyAtOnce) {
  Echo echo;
  std::vector<std::thread> clients;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      TestConnection connection = echo.connect();
      for (int k = 0; k < 50; ++k) {
        const std::string body = std::to_string(i) + "-" + std::to_string(k);
        connection.send(post("/x", body));
        if (connection.receive().body == "POST /x " + body) ++answered;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, 8 * 50);
}

TEST(HttpServer, FinishesRunningRequestsBeforeItEnds) {
  Echo echo;
  TestConnection idle = echo.connect(), busy = echo.connect(), half = echo.connect();
  idle.send(get("/a"));
  idle.receive();
  half.send("POST / HTTP/1.1\r\nContent-Le");
  busy.send(get("/slow"));
  while (echo.running() == 0) std::this_thread::yield();
  echo.stop();
  EXPECT_EQ(busy.receive().body, "GET /slow ");
  EXPECT_TRUE(busy.is_closed_by_server());
  EXPECT_TRUE(idle.is_closed_by_server());
  EXPECT_TRUE(half.is_closed_by_server());
  EXPECT_THROW(
      {
        TestConnection late = echo.connect();
        if (late.is_closed_by_server()) throw std::runtime_error("closed");
      },
      std::runtime_error);
}

TEST(HttpServer, ASignalBeforeItServesEndsItInOrder) {
  const auto refusal = [](const RequestHead&) -> std::optional<Response> { return std::nullopt; };
  const auto handle = [](const Request&) { return Response(); };
  for (const int number : {SIGINT, SIGTERM}) {
    HttpServer server("127.0.0.1", 0);
    server.end_on_signals();
    ASSERT_EQ(std::raise(number), 0);
    server.run({refusal, handle});
  }
}

TEST(HttpServer, SaysWhenItsPortIsTakenOrItsAddressIsNone) {
  const HttpServer first("127.0.0.1", 0);
  const auto kind_of_failure = [](const std::string& address, std::uint16_t port) {
    try {
      const HttpServer server(address, port);
    } catch (const Error& error) {
      return std::optional(error.kind());
    }
    return std::optional<ErrorKind>();
  };
  EXPECT_EQ(kind_of_failure("127.0.0.1", first.port()), ErrorKind::unavailable);
  EXPECT_EQ(kind_of_failure("somewhere", 0), ErrorKind::usage);
  EXPECT_EQ(kind_of_failure("203.0.113.1", 0), ErrorKind::unavailable);
  EXPECT_EQ(first.authority(), "127.0.0.1:" + std::to_string(first.port()));
}

// ---- Limits in time and number

HttpLimits short_limits() {
  HttpLimits limits;
  limits.head_time = 150ms;
  limits.body_time = 150ms;
  limits.idle_time = 300ms;
  return limits;
}

TEST(HttpServerLimits, SlowHeadersBodiesAndIdleConnectionsAreEnded) {
  Echo echo(short_limits());
  const auto status_after = [&](const std::vector<std::string>& pieces) {
    TestConnection connection = echo.connect();
    for (const std::string& piece : pieces) {
      connection.send(piece);
      std::this_thread::sleep_for(60ms);
    }
    const auto answer = connection.receive();
    EXPECT_TRUE(connection.is_closed_by_server());
    return answer.status;
  };
  // A byte now and then does not help.
  EXPECT_EQ(status_after({"G", "E", "T", " ", "/", " ", "H", "T"}), 408);
  EXPECT_EQ(status_after({"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n", "a", "b", "c", "d", "e", "f"}),
            408);
  EXPECT_EQ(status_after({}), 408);
  TestConnection connection = echo.connect();
  connection.send(get("/a"));
  EXPECT_EQ(connection.receive().status, 200);
  EXPECT_EQ(connection.receive().status, 408);
}

TEST(HttpServerLimits, ARequestThatTakesLongIsNotOneThatIsSlow) {
  Echo echo(short_limits());
  TestConnection connection = echo.connect();
  connection.send(get("/slow"));
  EXPECT_EQ(connection.receive().status, 200);
}

TEST(HttpServerLimits, WhoeverDoesNotReadItsAnswerIsLeft) {
  HttpLimits limits = short_limits();
  limits.write_time = 200ms;
  limits.connections = 1;
  Echo echo(limits);
  TestConnection deaf = echo.connect();
  deaf.send(get("/large") + get("/large"));
  std::this_thread::sleep_for(1s);
  TestConnection other = echo.connect();
  other.send(get("/a"));
  EXPECT_EQ(other.receive().status, 200);
}

TEST(HttpServerLimits, ConnectionsBeyondTheirNumberAreTurnedAway) {
  HttpLimits limits;
  limits.connections = 4;
  Echo echo(limits);
  std::list<TestConnection> open;
  for (int i = 0; i < 4; ++i) {
    open.push_back(echo.connect());
    open.back().send(get("/a"));
    EXPECT_EQ(open.back().receive().status, 200);
  }
  {
    TestConnection more = echo.connect();
    more.send(get("/a"));
    EXPECT_EQ(more.receive().status, 503);
    EXPECT_TRUE(more.is_closed_by_server());
  }
  for (TestConnection& connection : open) {
    connection.send(get("/b"));
    EXPECT_EQ(connection.receive().status, 200);
  }
  open.pop_back();
  int status = 503;
  for (int i = 0; i < 100 && status == 503; ++i) {  // until it is seen to have gone
    std::this_thread::sleep_for(100ms);
    TestConnection again = echo.connect();
    again.send(get("/c"));
    status = again.receive().status;
  }
  EXPECT_EQ(status, 200);
}

}  // namespace
}  // namespace sonde
