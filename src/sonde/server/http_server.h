// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sonde/server/http_message.h"
#include "sonde/server/request_reader.h"

namespace sonde {

struct HttpLimits {
  RequestLimits request;
  std::chrono::milliseconds head_time{10000}, body_time{10000}, idle_time{60000}, write_time{60000};
  std::chrono::milliseconds ending_time{10000};  // for requests that run when the server is told to end
  int connections = 128;
};

// What answers. Both are called from several threads and must not throw.
struct HttpHandler {
  std::function<std::optional<Response>(const RequestHead&)> refusal;  // before the body is read
  std::function<Response(const Request&)> handle;
};

// HTTP/1.1 on one address. Connections are served on one thread, requests answered on others.
class HttpServer {
 public:
  // Listens from here on. `address` is numeric: "127.0.0.1", "::1"; port 0: any that is free. Throws Error:
  // usage (no address), unavailable (the port is taken, no such address here).
  HttpServer(const std::string& address, std::uint16_t port, HttpLimits limits = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  const std::string& address() const;
  std::uint16_t port() const;
  // "127.0.0.1:8080", "[::1]:8080"
  std::string authority() const;

  // From here on SIGHUP, SIGINT and SIGTERM end run(), also one that comes before it. Before the address is
  // told to anybody, who may then end the server by a signal.
  void end_on_signals();
  // Serves until stop() or such a signal. Requests that run by then are answered.
  void run(const HttpHandler& handler);
  void stop();  // from any thread

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde
