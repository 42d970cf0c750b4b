// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/request_reader.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "sonde/core/text.h"

// Boost 1.74 asserts that the last chunk has five bytes by then; that of an empty body may have come with
// three.
#define BOOST_DISABLE_ASSERTS
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace sonde {
namespace {

namespace http = boost::beast::http;
using Parser = http::request_parser<http::string_body>;

// Boost 1.74's string views are its own and do not become the standard's by themselves.
std::string copied(boost::beast::string_view text) { return {text.data(), text.size()}; }

[[noreturn]] void refuse(const boost::beast::error_code& error) {
  if (error == http::error::header_limit)
    throw RefusedRequest(431, "too_large", "the request line and headers are longer than the limit");
  throw malformed("the request is not HTTP/1.1: " + error.message());
}

}  // namespace

struct RequestReader::Impl {
  explicit Impl(RequestLimits limits) : most_body(limits.body) {
    parser.header_limit(static_cast<std::uint32_t>(limits.head));
    // Its own limit would refuse before anybody has seen the head; Boost 1.74 takes boost::none for 0.
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  }
  void check_body() const {
    if (parser.content_length().value_or(0) > most_body || parser.get().body().size() > most_body)
      throw RefusedRequest(413, "too_large", "a body has at most " + std::to_string(most_body) + " bytes");
  }

  Parser parser;
  std::size_t most_body;
};

RequestReader::RequestReader(RequestLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;
RequestReader::~RequestReader() = default;

std::size_t RequestReader::feed(std::string_view bytes) {
  if (has_head()) impl_->check_body();
  boost::beast::error_code error;
  const std::size_t used = impl_->parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != http::error::need_more) refuse(error);
  if (!impl_->parser.get().body().empty()) impl_->check_body();
  return used;
}

bool RequestReader::has_head() const { return impl_->parser.is_header_done(); }
bool RequestReader::is_complete() const { return impl_->parser.is_done(); }
void RequestReader::check_announced() const { impl_->check_body(); }
bool RequestReader::expects_continue() const {
  return boost::beast::iequals(impl_->parser.get()[http::field::expect], "100-continue");
}
bool RequestReader::keeps_alive() const {
  return impl_->parser.get().version() == 11 && impl_->parser.get().keep_alive();
}

RequestHead RequestReader::head() const {
  const auto& message = impl_->parser.get();
  RequestHead head;
  head.method = copied(message.method_string());
  head.target = copied(message.target());
  for (const auto& field : message)
    head.headers.emplace_back(lower_case(copied(field.name_string())), copied(field.value()));
  return head;
}

Request RequestReader::take() { return {head(), std::move(impl_->parser.get().body())}; }

}  // namespace sonde
