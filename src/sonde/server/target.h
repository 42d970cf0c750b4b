// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde {

// A request's target taken apart: "/api/images/3/masks?axis=axial&slice=7". All throw RefusedRequest (400).
struct Target {
  std::string path;                   // as sent, percent signs and all: no path of ours needs them
  std::vector<std::string> segments;  // "api", "images", "3", "masks"
  std::map<std::string, std::string, std::less<>> query;  // percent decoded
};
// Refuses what does not begin with one slash, an empty or dot segment, a query name that comes twice, bytes
// that are not visible ASCII.
Target parse_target(std::string_view text);

// Each name that `query` may hold must be one of `names`.
void check_query(const Target& target, const std::vector<std::string_view>& names);
std::string query_text(const Target& target, std::string_view name);
std::int64_t query_whole(const Target& target, std::string_view name);
std::optional<std::int64_t> maybe_query_whole(const Target& target, std::string_view name);

// "12" to 12: digits alone, below 2^53; absent for anything else.
std::optional<std::int64_t> integer(std::string_view text);

}  // namespace sonde
