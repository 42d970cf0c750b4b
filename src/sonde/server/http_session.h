// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

// Boost 1.74's awaitable.hpp needs <utility>, which stands above.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "sonde/server/http_server.h"

namespace sonde {

// What the sessions of a server share. `pool` answers requests.
struct SessionShared {
  const HttpHandler& handler;
  const HttpLimits& limits;
  boost::asio::io_context& pool;
  bool ending = false;
};

// One connection, on the thread of its socket.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(boost::asio::ip::tcp::socket socket, SessionShared& shared);

  // Requests one after another until either side is done with it.
  boost::asio::awaitable<void> serve();
  // The answer to a connection that is one too many.
  boost::asio::awaitable<void> turn_away();
  // Closes it unless a request is being answered.
  void end();

 private:
  enum class Next { another, close };
  using Milliseconds = std::chrono::milliseconds;

  boost::asio::awaitable<Next> serve_request();
  // Reads until the request is complete; the answer to it if it is to go no further.
  boost::asio::awaitable<std::optional<Response>> read_request(RequestReader& reader);
  boost::asio::awaitable<void> read_more();
  boost::asio::awaitable<void> write(const Response& response, Next next);
  boost::asio::awaitable<void> write_text(std::string_view text);
  boost::asio::awaitable<void> linger();
  void expire_after(Milliseconds time);
  void expire_never();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  SessionShared& shared_;
  std::string buffer_;  // read, not yet used
  bool timed_out_ = false, answering_ = false;
};

}  // namespace sonde
