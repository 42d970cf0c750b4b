// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace sonde {

// A file of the page (web/annotate/dist), inside the program.
struct Asset {
  std::string_view path;  // as in the address: "/assets/index-5f3a.js"
  std::string_view content_type;
  enum class Encoding { identity, gzip } encoding = Encoding::identity;
  std::string_view bytes;
};
std::span<const Asset> assets();  // in order of paths
// The page itself for "/".
std::optional<Asset> find_asset(std::string_view path);

}  // namespace sonde
