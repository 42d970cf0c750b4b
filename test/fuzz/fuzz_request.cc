// SPDX-License-Identifier: Apache-2.0
// Bytes of a connection under libFuzzer: the request parser, who may ask, and the address taken apart.
// However the bytes are cut into pieces the request is the same, and without the token every answer is 401 or
// 403.
//   clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -Isrc \
//     test/fuzz/fuzz_request.cc
//     src/sonde/server/{request_reader,access,token,target,http_message,strict_json}.cc \ -lcrypto -o
//     fuzz_request
//   node test/fuzz/seeds.mjs SEEDS
//   ./fuzz_request -max_len=16384 -timeout=10 -rss_limit_mb=1024 -max_total_time=180 CORPUS SEEDS/request
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "sonde/server/access.h"
#include "sonde/server/request_reader.h"
#include "sonde/server/target.h"

namespace {

using namespace sonde;  // NOLINT: a program of one file

constexpr std::uint16_t kPort = 8080;
const std::string kToken = "0123456789abcdef0123456789abcdef";

void insist(bool holds) {
  if (!holds) std::abort();
}

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
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = read(bytes, size);
  const Outcome pieces = read(bytes, 1 + data[0] % 64);
  if (whole.head) check_head(*whole.head);
  constexpr int kHeadTooLarge = 431;  // the library counts the limit from the line that it is at
  if (whole.refused == kHeadTooLarge || pieces.refused == kHeadTooLarge) return 0;
  insist(whole.request.has_value() == pieces.request.has_value());
  if (whole.request) insist(whole.request->body == pieces.request->body);
  if (whole.request) insist(whole.request->head.headers == pieces.request->head.headers);
  return 0;
}
