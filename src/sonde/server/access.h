// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sonde/server/http_message.h"

namespace sonde {

// What `Host` may say. A name that anybody may point at this machine (DNS rebinding) is not among them.
struct AccessHosts {
  std::vector<std::string> names;  // with the port: "127.0.0.1:8080"
  // Of a server on all addresses of the machine: any numeric one, with the port.
  enum class Numbers { listed, any } numbers = Numbers::listed;
};
// Of a server on `address`, which is numeric.
AccessHosts hosts_of(const std::string& address, std::uint16_t port);
bool is_loopback(const std::string& address);

// Who may ask (docs/http.md, "Access"). Looks at the head of a request alone, so that nothing is read for
// those who may not.
class Access {
 public:
  Access(std::string token, std::uint16_t port, AccessHosts hosts);

  // The answer to a request that goes no further: 401 without the token, 403 from elsewhere, the redirection
  // of the address that was printed. Absent: the request is let in.
  std::optional<Response> answer(const RequestHead& head) const;

 private:
  bool holds_token(const RequestHead& head) const;
  bool is_own_host(const RequestHead& head) const;
  bool is_own_origin(const RequestHead& head) const;

  std::string token_, cookie_name_, port_suffix_;
  AccessHosts hosts_;
};

// On every answer: content security policy, no sniffing, no referrer, nothing shared with other origins.
void add_security_headers(Response& response);

}  // namespace sonde
