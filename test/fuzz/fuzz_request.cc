// SPDX-License-Identifier: Apache-2.0
// Bytes of a connection: the request parser, who may ask, and the address taken apart. However the bytes are
// cut into pieces the request is the same, and without the token every answer is 401 or 403.
#include <algorithm>

#include "fuzz.h"

#include "sonde/server/access.h"
#include "sonde/server/request_reader.h"
#include "sonde/server/target.h"

namespace {

using namespace sonde;  // NOLINT(google-build-using-namespace): a program of one file
using fuzz::insist;

constexpr std::uint16_t kPort = 8080;
const std::string kToken = "0123456789abcdef0123456789abcdef";

struct Outcome {
  int refused = 0;  // status; 0: not
  std::optional<RequestHead> head;
  std::optional<Request> request;  // once complete
};

// Feeds as a connection does: what was not used is given again with more behind it.
Outcome read(std::string_view bytes, std::size_t piece) {
  Outcome outcome;
  RequestReader reader({.head = 2048, .body = 4096});
  std::string buffer;
  try {
    while (!reader.is_complete()) {
      const std::size_t used = buffer.empty() ? 0 : reader.feed(buffer);
      insist(used <= buffer.size());
      buffer.erase(0, used);
      if (reader.has_head() && !outcome.head) {
        outcome.head = reader.head();
        continue;
      }
      if (used > 0) continue;
      if (bytes.empty()) return outcome;
      buffer += bytes.substr(0, piece);
      bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    reader.keeps_alive();
    outcome.request = reader.take();
  } catch (const RefusedRequest& refused) {
    outcome.refused = refused.status();
  }
  return outcome;
}

bool holds_token(const RequestHead& head) {
  if (head.target.find("token=") != std::string::npos) return true;
  for (const auto& [name, value] : head.headers) {
    if (value.find(kToken) != std::string::npos) return true;
  }
  return false;
}

void check_head(const RequestHead& head) {
  static const Access access(kToken, kPort, hosts_of("127.0.0.1", kPort));
  const auto answer = access.answer(head);
  if (!holds_token(head)) insist(answer && (answer->status == 401 || answer->status == 403));
  try {
    const Target target = parse_target(head.target);
    for (const std::string& segment : target.segments) insist(segment != ".." && !segment.empty());
    check_query(target, {"axis", "slice", "since", "window", "limit", "token"});
    maybe_query_whole(target, "since");
  } catch (const RefusedRequest& refused) {
    insist(refused.status() == 400);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::chosen(data, size);
  if (!input) return 0;
  const Outcome whole = read(input->text, size);
  const Outcome pieces = read(input->text, 1 + input->choice % 64);
  if (whole.head) check_head(*whole.head);
  constexpr int kHeadTooLarge = 431;  // the library counts the limit from the line that it is at
  if (whole.refused == kHeadTooLarge || pieces.refused == kHeadTooLarge) return 0;
  insist(whole.request.has_value() == pieces.request.has_value());
  if (whole.request) insist(whole.request->body == pieces.request->body);
  if (whole.request) insist(whole.request->head.headers == pieces.request->head.headers);
  return 0;
}
