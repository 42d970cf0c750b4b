// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/http_session.h"

#include <array>
#include <ctime>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace sonde {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kReadAtOnce = 32u << 10;
constexpr std::size_t kMaxUnused = 256u << 10;  // bytes that the parser makes nothing of
constexpr std::chrono::milliseconds kLingering{2000};

// The other side is gone, or the server ends.
struct ConnectionOver {};

std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 40> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

std::string head_of(const Response& response, bool closes) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " " +
                     std::string(reason_phrase(response.status)) + "\r\nDate: " + date_now() + "\r\n";
  for (const auto& [name, value] : response.headers) head += name + ": " + value + "\r\n";
  head += "Content-Length: " + std::to_string(response.content().size()) + "\r\n";
  if (closes) head += "Connection: close\r\n";
  return head + "\r\n";
}

}  // namespace

HttpSession::HttpSession(asio::ip::tcp::socket socket, SessionShared& shared)
    : socket_(std::move(socket)), timer_(socket_.get_executor()), shared_(shared) {}

asio::awaitable<void> HttpSession::serve() {
  const auto self = shared_from_this();
  try {
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    while (co_await serve_request() == Next::another) {
    }
    co_await linger();
  } catch (const ConnectionOver&) {
  }
  expire_never();
}

asio::awaitable<void> HttpSession::turn_away() {
  const auto self = shared_from_this();
  try {
    co_await write(error_response(503, "unavailable", "there are too many connections"), Next::close);
    co_await linger();
  } catch (const ConnectionOver&) {
  }
  expire_never();
}

void HttpSession::end() {
  if (answering_) return;
  error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<HttpSession::Next> HttpSession::serve_request() {
  RequestReader reader(shared_.limits.request);
  std::optional<Response> response = co_await read_request(reader);
  answering_ = true;
  const bool is_whole = reader.is_complete();
  const bool goes_on = is_whole && reader.keeps_alive() && !shared_.ending;
  if (!response) {
    Request request = reader.take();
    const auto answer = [this, &request]() -> asio::awaitable<Response> {
      co_return shared_.handler.handle(request);
    };
    response = co_await asio::co_spawn(shared_.pool, answer, asio::use_awaitable);
  }
  const Next next = goes_on && !shared_.ending ? Next::another : Next::close;
  co_await write(*response, next);
  answering_ = false;
  if (shared_.ending) throw ConnectionOver();
  co_return next;
}

asio::awaitable<std::optional<Response>> HttpSession::read_request(RequestReader& reader) {
  std::optional<Response> refused;
  try {
    if (buffer_.empty()) {
      expire_after(shared_.limits.idle_time);
      co_await read_more();
    }
    expire_after(shared_.limits.head_time);
    bool is_authorised = false;
    while (!refused && !reader.is_complete()) {
      const std::size_t used = buffer_.empty() ? 0 : reader.feed(buffer_);
      buffer_.erase(0, used);
      if (reader.has_head() && !is_authorised) {
        refused = shared_.handler.refusal(reader.head());
        is_authorised = !refused;
        if (is_authorised) reader.check_announced();
        expire_after(shared_.limits.body_time);
        if (is_authorised && !reader.is_complete() && reader.expects_continue())
          co_await write_text("HTTP/1.1 100 Continue\r\n\r\n");
        continue;
      }
      if (buffer_.size() > kMaxUnused) throw malformed("the request is not HTTP/1.1");
      if (used == 0) co_await read_more();
    }
  } catch (const RefusedRequest& error) {
    refused = error_response(error.status(), error.kind(), error.what());
  }
  expire_never();
  co_return refused;
}

asio::awaitable<void> HttpSession::read_more() {
  error_code error;
  const std::size_t before = buffer_.size();
  std::size_t count = 0;
  buffer_.resize(before + kReadAtOnce);
  if (!timed_out_) {
    count = co_await socket_.async_read_some(asio::buffer(buffer_.data() + before, kReadAtOnce),
                                             asio::redirect_error(asio::use_awaitable, error));
  }
  buffer_.resize(before + count);
  if (timed_out_) throw RefusedRequest(408, "timeout", "the request took too long");
  if (error) throw ConnectionOver();
}

asio::awaitable<void> HttpSession::write(const Response& response, Next next) {
  const std::string head = head_of(response, next == Next::close);
  const std::string_view content = response.content();
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(head),
                                                  asio::buffer(content.data(), content.size())};
  error_code error;
  expire_after(shared_.limits.write_time);
  co_await asio::async_write(socket_, buffers, asio::redirect_error(asio::use_awaitable, error));
  expire_never();
  if (error) throw ConnectionOver();
}

asio::awaitable<void> HttpSession::write_text(std::string_view text) {
  error_code error;
  co_await asio::async_write(socket_, asio::buffer(text.data(), text.size()),
                             asio::redirect_error(asio::use_awaitable, error));
  if (error) throw ConnectionOver();
}

// What the other side still sends is read and dropped: closing at once would take the answer from it.
asio::awaitable<void> HttpSession::linger() {
  error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  expire_after(kLingering);
  std::array<char, 4096> bytes;
  while (!error && !timed_out_)
    co_await socket_.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
}

void HttpSession::expire_after(Milliseconds time) {
  timed_out_ = false;
  timer_.expires_after(time);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error || self->timer_.expiry() > asio::steady_timer::clock_type::now()) return;
    self->timed_out_ = true;
    error_code ignored;
    self->socket_.cancel(ignored);
  });
}

void HttpSession::expire_never() {
  timer_.expires_at(asio::steady_timer::time_point::max());  // cancels
}

}  // namespace sonde
