// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/regions.h"

#include <algorithm>

namespace sonde {
namespace {

// Labels one region from a seed by an explicit stack: regions can be as large as the picture.
class RegionFiller {
 public:
  RegionFiller(const Mask& mask, Regions& out) : mask_(mask), out_(out) {}

  Region fill(std::int64_t seed, std::int32_t label) {
    const std::int64_t width = mask_.extent.width;
    Region region{
        0, seed, {static_cast<double>(seed % width), static_cast<double>(seed / width), 0, 0}, label};
    std::int64_t x0 = width;
    std::int64_t x1 = 0;
    std::int64_t y1 = 0;
    push(seed, label);
    while (!stack_.empty()) {
      const std::int64_t at = stack_.back();
      stack_.pop_back();
      const std::int64_t x = at % width;
      const std::int64_t y = at / width;
      ++region.area;
      x0 = std::min(x0, x);
      x1 = std::max(x1, x);
      y1 = std::max(y1, y);
      visit_neighbours(x, y, label);
    }
    region.box = {static_cast<double>(x0), static_cast<double>(seed / width), static_cast<double>(x1),
                  static_cast<double>(y1)};
    return region;
  }

 private:
  void push(std::int64_t at, std::int32_t label) {
    out_.labels[static_cast<std::size_t>(at)] = label;
    stack_.push_back(at);
  }
  void visit_neighbours(std::int64_t x, std::int64_t y, std::int32_t label) {
    for (std::int64_t ny = std::max<std::int64_t>(y - 1, 0); ny <= std::min(y + 1, mask_.extent.height - 1);
         ++ny) {
      for (std::int64_t nx = std::max<std::int64_t>(x - 1, 0); nx <= std::min(x + 1, mask_.extent.width - 1);
           ++nx) {
        const auto at = static_cast<std::size_t>(ny * mask_.extent.width + nx);
        if (mask_.pixels[at] != 0 && out_.labels[at] == 0) push(static_cast<std::int64_t>(at), label);
      }
    }
  }

  const Mask& mask_;
  Regions& out_;
  std::vector<std::int64_t> stack_;
};

}  // namespace

Regions find_regions(const Mask& mask) {
  Regions out;
  out.labels.assign(mask.pixels.size(), 0);
  RegionFiller filler(mask, out);
  for (std::size_t at = 0; at < mask.pixels.size(); ++at) {
    if (mask.pixels[at] == 0 || out.labels[at] != 0) continue;
    out.regions.push_back(
        filler.fill(static_cast<std::int64_t>(at), static_cast<std::int32_t>(out.regions.size()) + 1));
  }
  std::stable_sort(out.regions.begin(), out.regions.end(),
                   [](const Region& a, const Region& b) { return a.area > b.area; });
  return out;
}

CleanedMask remove_small_regions(const Mask& mask, std::int64_t min_area, SmallRegions which) {
  const bool holes = which == SmallRegions::holes;
  Mask working = mask;
  if (holes) {
    for (auto& pixel : working.pixels) pixel ^= 1;
  }
  const Regions found = find_regions(working);
  std::vector<std::uint8_t> small(found.regions.size() + 1, 0);  // by label
  bool any_small = false;
  for (const Region& region : found.regions) {
    if (region.area >= min_area) continue;
    small[static_cast<std::size_t>(region.label)] = 1;
    any_small = true;
  }
  if (!any_small) return {mask, false};
  const bool all_small =
      std::count(small.begin(), small.end(), 1) == static_cast<std::ptrdiff_t>(found.regions.size());
  if (!holes && all_small) small[static_cast<std::size_t>(found.regions.front().label)] = 0;
  for (std::size_t at = 0; at < working.pixels.size(); ++at) {
    if (small[static_cast<std::size_t>(found.labels[at])] != 0) working.pixels[at] = 0;
  }
  if (holes) {
    for (auto& pixel : working.pixels) pixel ^= 1;
  }
  return {std::move(working), true};
}

}  // namespace sonde
