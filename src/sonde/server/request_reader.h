// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "sonde/server/http_message.h"

namespace sonde {

struct RequestLimits {
  std::size_t head = 16u << 10;  // request line and headers, bytes
  std::size_t body = 4u << 20;
};

// Bytes of a connection to one request: feed it until it is complete. Throws RefusedRequest for what is not
// a HTTP/1 (400) or too large (413, 431); nothing may be fed after that.
class RequestReader {
 public:
  explicit RequestReader(RequestLimits limits = {});
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;
  ~RequestReader();

  // Returns how many of the bytes were used: it stops after the head, so that the request can be refused
  // before its body is looked at. What is left is to be given again, with more behind it.
  std::size_t feed(std::string_view bytes);

  bool has_head() const;
  bool is_complete() const;
  // Throws RefusedRequest (413) if the head announces a body that is too large.
  void check_announced() const;
  // "Expect: 100-continue": the client waits for a word before it sends the body.
  bool expects_continue() const;
  // Whether the connection serves another request after this one.
  bool keeps_alive() const;
  RequestHead head() const;  // once has_head()
  Request take();            // once is_complete()

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde
