// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/assets.h"

#include <algorithm>

namespace sonde {

std::optional<Asset> find_asset(std::string_view path) {
  if (path == "/") path = "/index.html";
  const auto all = assets();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Asset& asset) { return asset.path == path; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

}  // namespace sonde
