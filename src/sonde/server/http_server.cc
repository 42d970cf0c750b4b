// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/http_server.h"

#include <csignal>
#include <exception>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sonde/core/error.h"
#include "sonde/core/start_thread.h"
#include "sonde/server/http_session.h"

namespace sonde {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Requests may wait for one another (for an image to be read, a picture to be encoded).
constexpr std::size_t kRequestThreads = 32;
constexpr std::size_t kMaxRejected = 32;  // at once; more are dropped without a word
constexpr std::chrono::milliseconds kAcceptPause{100};

// asio::thread_pool waits for ever where one of its threads cannot be started; here fewer do.
class RequestThreads {
 public:
  RequestThreads() {
    threads_.reserve(kRequestThreads);
    try {
      while (threads_.size() < kRequestThreads) threads_.push_back(start_thread([this] { requests_.run(); }));
    } catch (const std::exception&) {
      if (threads_.empty()) throw;
    }
  }
  RequestThreads(const RequestThreads&) = delete;
  RequestThreads& operator=(const RequestThreads&) = delete;
  ~RequestThreads() { join(); }

  asio::io_context& context() { return requests_; }
  void join() {
    keeps_running_.reset();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  asio::io_context requests_;
  asio::executor_work_guard<asio::io_context::executor_type> keeps_running_ =
      asio::make_work_guard(requests_);
  std::vector<std::thread> threads_;
};

tcp::endpoint endpoint_of(const std::string& address, std::uint16_t port) {
  error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error)
    throw Error(ErrorKind::usage, "host " + address + ": a numeric address is needed, as 127.0.0.1 or ::1");
  return {parsed, port};
}

}  // namespace

struct HttpServer::Impl {
  Impl(const std::string& address, std::uint16_t port, HttpLimits wanted) : limits(wanted), acceptor(io) {
    const tcp::endpoint endpoint = endpoint_of(address, port);
    const auto refuse = [&](const error_code& error) {
      if (error == boost::system::errc::address_not_available)
        throw Error(ErrorKind::unavailable, "host " + address + ": this machine has no such address");
      throw Error(ErrorKind::unavailable,
                  "port " + std::to_string(port) + " of " + address + ": " + error.message());
    };
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) refuse(error);
    local = acceptor.local_endpoint();
    address_text = local.address().to_string();
  }

  asio::awaitable<void> accept(SessionShared& shared);
  void begin(tcp::socket socket, SessionShared& shared);
  void end(SessionShared& shared);

  HttpLimits limits;
  asio::io_context io{1};
  asio::signal_set signals{io};  // empty until end_on_signals()
  tcp::acceptor acceptor;
  tcp::endpoint local;
  std::string address_text;
  std::set<std::shared_ptr<HttpSession>> sessions, rejected;
  std::function<void()> end_now;  // while run() runs
  std::mutex end_mutex;
  bool end_wanted = false;
};

HttpServer::HttpServer(const std::string& address, std::uint16_t port, HttpLimits limits)
    : impl_(std::make_unique<Impl>(address, port, limits)) {}
HttpServer::~HttpServer() = default;

const std::string& HttpServer::address() const { return impl_->address_text; }
std::uint16_t HttpServer::port() const { return impl_->local.port(); }
std::string HttpServer::authority() const {
  const std::string& address = impl_->address_text;
  return (impl_->local.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(port());
}

asio::awaitable<void> HttpServer::Impl::accept(SessionShared& shared) {
  while (!shared.ending) {
    error_code error;
    tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (shared.ending) co_return;
    if (error) {  // no descriptor left: wait for one
      asio::steady_timer pause(io, kAcceptPause);
      co_await pause.async_wait(asio::use_awaitable);
      continue;
    }
    begin(std::move(socket), shared);
  }
}

void HttpServer::Impl::begin(tcp::socket socket, SessionShared& shared) {
  const bool is_full = sessions.size() >= static_cast<std::size_t>(limits.connections);
  if (is_full && rejected.size() >= kMaxRejected) return;
  auto& among = is_full ? rejected : sessions;
  const auto session = std::make_shared<HttpSession>(std::move(socket), shared);
  among.insert(session);
  asio::co_spawn(io, is_full ? session->turn_away() : session->serve(),
                 [this, &among, &shared, session](const std::exception_ptr&) {
                   among.erase(session);
                   if (shared.ending && sessions.empty() && rejected.empty()) io.stop();
                 });
}

void HttpServer::Impl::end(SessionShared& shared) {
  if (shared.ending) return;
  shared.ending = true;
  error_code ignored;
  acceptor.close(ignored);
  for (const auto& session : sessions) session->end();
  for (const auto& session : rejected) session->end();
  if (sessions.empty() && rejected.empty()) io.stop();
}

void HttpServer::end_on_signals() {
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) {
    struct sigaction before {};
    const bool is_ignored = ::sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_IGN;
    if (!is_ignored) impl_->signals.add(number);
  }
}

void HttpServer::run(const HttpHandler& handler) {
  Impl& impl = *impl_;
  RequestThreads threads;
  SessionShared shared{handler, impl.limits, threads.context()};
  asio::steady_timer shutdown_timer(impl.io);
  const auto end = [&] {
    impl.end(shared);
    shutdown_timer.expires_after(impl.limits.ending_time);
    shutdown_timer.async_wait([&](const error_code& error) {
      if (!error) impl.io.stop();
    });
  };
  impl.signals.async_wait([&](const error_code& error, int) {
    if (!error) end();
  });
  {
    const std::lock_guard lock(impl.end_mutex);
    impl.end_now = [&impl, end] { asio::post(impl.io, end); };
    if (impl.end_wanted) impl.end_now();
  }
  asio::co_spawn(impl.io, impl.accept(shared), [](const std::exception_ptr&) {});
  impl.io.run();
  {
    const std::lock_guard lock(impl.end_mutex);
    impl.end_now = {};
  }
  impl.signals.cancel();  // its handler reaches what is here
  threads.join();
  impl.io.restart();
  impl.io.poll();  // what the requests that outlived the shutdown_timer still hand back
}

void HttpServer::stop() {
  const std::lock_guard lock(impl_->end_mutex);
  impl_->end_wanted = true;
  if (impl_->end_now) impl_->end_now();
}

}  // namespace sonde
