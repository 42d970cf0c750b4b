// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace sonde {

// How a server for tests answers one request.
struct ServerAnswer {
  std::string content = {};
  int status = 200;                        // of an answer with the whole content
  std::string etag = {};                   // empty: none
  bool has_ranges = true;                  // false: Range is ignored
  std::size_t cut_at = std::string::npos;  // closes after so many bytes of the body
  std::string location = {};               // not empty: a redirect to there
};

// An HTTP server on 127.0.0.1 in a thread: one connection at a time, one answer per request, the last one
// repeated.
class TestServer {
 public:
  explicit TestServer(std::vector<ServerAnswer> answers) : answers_(std::move(answers)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
      throw std::runtime_error("no port on 127.0.0.1");
    }
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/weights.pth";
    thread_ = std::thread([this] { serve(); });
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  const std::string& url() const { return url_; }
  std::vector<std::string> requests() const {  // the headers as they came
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    while (true) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      const std::string request = read_request(connection);
      const ServerAnswer& answer = answers_[std::min(requests().size(), answers_.size() - 1)];
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      send(connection, reply(answer, request));
      ::shutdown(connection, SHUT_RDWR);
      ::close(connection);
    }
  }
  static std::string read_request(int connection) {
    std::string request;
    char byte = 0;
    while (!request.ends_with("\r\n\r\n") && ::recv(connection, &byte, 1, 0) == 1) request += byte;
    return request;
  }
  static std::string header(const std::string& request, const std::string& name) {
    const auto at = request.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const auto begin = at + name.size() + 4;
    return request.substr(begin, request.find("\r\n", begin) - begin);
  }
  static std::string reply(const ServerAnswer& answer, const std::string& request) {
    const std::string range = header(request, "Range"), if_range = header(request, "If-Range");
    std::string status = std::to_string(answer.status) + " Answer", extra, body = answer.content;
    if (!answer.location.empty()) extra = "Location: " + answer.location + "\r\n";
    if (!answer.etag.empty()) extra += "ETag: " + answer.etag + "\r\n";
    if (answer.has_ranges && range.starts_with("bytes=") && (if_range.empty() || if_range == answer.etag)) {
      const std::size_t begin = std::stoull(range.substr(6)), size = body.size();
      status = begin < size ? "206 Partial Content" : "416 Range Not Satisfiable";
      extra += begin < size ? "Content-Range: bytes " + std::to_string(begin) + "-" +
                                  std::to_string(size - 1) + "/" + std::to_string(size) + "\r\n"
                            : "";
      body = begin < size ? body.substr(begin) : "";
    }
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n" + extra + "\r\n" + body.substr(0, answer.cut_at);
  }
  static void send(int connection, const std::string& text) {
    for (std::size_t sent = 0; sent < text.size();) {
      const auto count = ::send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;
      sent += static_cast<std::size_t>(count);
    }
  }

  std::vector<ServerAnswer> answers_;
  std::vector<std::string> requests_;
  mutable std::mutex mutex_;
  int listener_ = -1;
  std::string url_;
  std::thread thread_;
};

}  // namespace sonde
