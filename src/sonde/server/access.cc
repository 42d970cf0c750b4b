// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/access.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <string_view>
#include <utility>

#include "sonde/core/text.h"
#include "sonde/server/target.h"
#include "sonde/server/token.h"

namespace sonde {
namespace {

// "192.168.1.7", "[fe80::1]"
bool is_numeric(const std::string& host) {
  in6_addr bytes{};
  if (host.starts_with('[') && host.ends_with(']'))
    return inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &bytes) == 1;
  return inet_pton(AF_INET, host.c_str(), &bytes) == 1;
}

// The values of one cookie in all "a=1; b=2" headers.
std::vector<std::string_view> cookies(const RequestHead& head, std::string_view name) {
  std::vector<std::string_view> values;
  for (std::string_view text : header_values(head, "cookie")) {
    while (!text.empty()) {
      const auto end = text.find(';');
      const std::string_view pair = trimmed(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
      if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
        values.push_back(pair.substr(name.size() + 1));
    }
  }
  return values;
}

// The token of "/?token=TOKEN", which a browser is given to open.
std::optional<std::string> token_in_address(const RequestHead& head) {
  if (head.method != "GET" || !head.target.starts_with("/?")) return std::nullopt;
  try {
    const Target target = parse_target(head.target);
    const auto found = target.query.find("token");
    return found == target.query.end() ? std::nullopt : std::optional(found->second);
  } catch (const RefusedRequest&) {
    return std::nullopt;
  }
}

}  // namespace

bool is_loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

AccessHosts hosts_of(const std::string& address, std::uint16_t port) {
  const std::string suffix = ":" + std::to_string(port);
  AccessHosts hosts;
  for (const std::string name : {"127.0.0.1", "localhost", "[::1]"}) hosts.names.push_back(name + suffix);
  if (address == "0.0.0.0" || address == "::") hosts.numbers = AccessHosts::Numbers::any;
  hosts.names.push_back((address.find(':') == std::string::npos ? address : "[" + address + "]") + suffix);
  return hosts;
}

Access::Access(std::string token, std::uint16_t port, AccessHosts hosts)
    : token_(std::move(token)),
      cookie_name_("sonde_" + std::to_string(port)),
      port_suffix_(":" + std::to_string(port)),
      hosts_(std::move(hosts)) {}

bool Access::holds_token(const RequestHead& head) const {
  if (const auto authorization = header_value(head, "authorization")) {
    constexpr std::string_view kScheme = "bearer ";
    if (lower_case(authorization->substr(0, kScheme.size())) == kScheme &&
        is_same_secret(trimmed(authorization->substr(kScheme.size())), token_))
      return true;
  }
  const auto sent = cookies(head, cookie_name_);
  return std::any_of(sent.begin(), sent.end(), [&](auto value) { return is_same_secret(value, token_); });
}

bool Access::is_own_host(const RequestHead& head) const {
  const auto sent = header_value(head, "host");
  if (!sent) return false;
  const std::string host = lower_case(*sent);
  if (std::find(hosts_.names.begin(), hosts_.names.end(), host) != hosts_.names.end()) return true;
  if (hosts_.numbers == AccessHosts::Numbers::listed || !host.ends_with(port_suffix_)) return false;
  return is_numeric(host.substr(0, host.size() - port_suffix_.size()));
}

bool Access::is_own_origin(const RequestHead& head) const {
  const auto origins = header_values(head, "origin");
  if (origins.empty()) return true;
  const auto host = header_value(head, "host");
  return origins.size() == 1 && host && lower_case(origins.front()) == "http://" + lower_case(*host);
}

std::optional<Response> Access::answer(const RequestHead& head) const {
  const auto sent = token_in_address(head);
  const bool comes_with_token = sent && is_same_secret(*sent, token_);
  if (!comes_with_token && !holds_token(head))
    return error_response(401, "forbidden",
                          "the token is missing: open the address that sonde annotate printed");
  if (!is_own_host(head))
    return error_response(403, "forbidden", "the request names another host than this server");
  if (!is_own_origin(head)) return error_response(403, "forbidden", "the request comes from another site");
  if (!sent) return std::nullopt;
  Response redirect;
  redirect.status = 303;
  redirect.headers = {{"Location", "/"}, {"Cache-Control", "no-store"}};
  if (comes_with_token)
    redirect.headers.emplace_back("Set-Cookie",
                                  cookie_name_ + "=" + token_ + "; Path=/; HttpOnly; SameSite=Strict");
  return redirect;
}

void add_security_headers(Response& response) {
  constexpr std::string_view kPolicy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
      "connect-src 'self'; worker-src 'self' blob:; font-src 'self'; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'";
  const auto add = [&](const char* name, std::string_view value) {
    response.headers.emplace_back(name, std::string(value));
  };
  const auto is_policy = [](const auto& header) { return header.first == "Content-Security-Policy"; };
  if (std::ranges::none_of(response.headers, is_policy)) add("Content-Security-Policy", kPolicy);
  add("X-Content-Type-Options", "nosniff");
  add("Referrer-Policy", "no-referrer");
  add("Cross-Origin-Resource-Policy", "same-origin");
  add("Cross-Origin-Opener-Policy", "same-origin");
}

}  // namespace sonde
