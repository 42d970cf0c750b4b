// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/http_message.h"

#include "sonde/core/json_fields.h"

namespace sonde {

std::vector<std::string_view> header_values(const RequestHead& head, std::string_view name) {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : head.headers) {
    if (key == name) values.emplace_back(value);
  }
  return values;
}

std::optional<std::string_view> header_value(const RequestHead& head, std::string_view name) {
  const auto values = header_values(head, name);
  return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
}

RefusedRequest malformed(const std::string& message) { return {400, "malformed", message}; }

Response error_response(int status, std::string_view kind, std::string_view message) {
  std::string line(message);
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = json_text(to_json<Layout::wire>(ErrorBody{{std::string(kind), std::move(line)}}));
  return response;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 303:
      return "See Other";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
}

}  // namespace sonde
