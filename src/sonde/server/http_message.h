// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Requests and answers without a socket: what the server's parts pass to each other.
namespace sonde {

// Request line and headers, names in lower case. Headers that come several times are listed several times.
struct RequestHead {
  std::string method;  // "GET"
  std::string target;  // as sent: "/api/project?since=3"
  std::vector<std::pair<std::string, std::string>> headers;
};
struct Request {
  RequestHead head;
  std::string body;
};
// All values of a header, in order. `name` in lower case.
std::vector<std::string_view> header_values(const RequestHead& head, std::string_view name);
// The header's only value; absent where there is none or more than one.
std::optional<std::string_view> header_value(const RequestHead& head, std::string_view name);

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Stands in place of body where the bytes live as long as the program.
  std::string_view lasting_body;
  std::string_view content() const { return lasting_body.empty() ? std::string_view(body) : lasting_body; }
};

// A request that the protocol refuses before anything is asked of the project.
class RefusedRequest : public std::runtime_error {
 public:
  RefusedRequest(int status, std::string kind, const std::string& message)
      : std::runtime_error(message), status_(status), kind_(std::move(kind)) {}
  int status() const { return status_; }
  const std::string& kind() const { return kind_; }

 private:
  int status_;
  std::string kind_;
};
// 400, what a request's fields say when they are not as docs/http.md has them.
RefusedRequest malformed(const std::string& message);

// What a request that failed is answered with.
struct ErrorBody {
  struct Fault {
    std::string kind, message;
  } error;
};
template <class V>
void describe(V& v, const ErrorBody::Fault& fault) {
  v("kind", fault.kind);
  v("message", fault.message, {.note = "one line for people"});
}
template <class V>
void describe(V& v, const ErrorBody& body) {
  v.shape("ErrorBody");
  v("error", body.error);
}
Response error_response(int status, std::string_view kind, std::string_view message);
std::string_view reason_phrase(int status);

}  // namespace sonde
