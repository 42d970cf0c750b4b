// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/mask_preview.h"

#include <string_view>
#include <utility>
#include <vector>

#include "sonde/server/wire.h"

namespace sonde {

std::string MaskPreview::show(std::span<const MaskSoFar> masks) {
  std::map<std::int64_t, std::string> shown;
  std::vector<std::string_view> in_order;
  for (const auto& [number, mask] : masks) {
    auto known = encoded_.extract(number);
    const auto at = known ? shown.insert(std::move(known)).position
                          : shown.emplace(number, wire::encode_mask(number, mask.rle, mask.box)).first;
    in_order.push_back(at->second);
  }
  encoded_ = std::move(shown);
  return wire::encode_masks(in_order);
}

}  // namespace sonde
