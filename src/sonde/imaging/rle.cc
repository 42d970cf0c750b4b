// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/rle.h"

#include <algorithm>
#include <numeric>

#include "sonde/core/error.h"

namespace sonde {

namespace {

// `mask` from (x0, y0) on in a picture of `extent`.
Rle encoded(const Mask& mask, std::int64_t x0, std::int64_t y0, Extent2 extent) {
  const auto [width, height] = mask.extent;
  const std::int64_t above = y0, below = extent.height - y0 - height;
  Rle rle{extent, {}};
  std::uint8_t value = 0;
  std::int64_t begun = 0;  // where the current run began, column by column
  const auto change = [&](std::int64_t at) {
    rle.counts.push_back(static_cast<std::uint32_t>(at - begun));
    begun = at;
    value ^= 1;
  };
  for (std::int64_t x = 0; x < width; ++x) {
    const std::int64_t top = (x0 + x) * extent.height;
    if (value != 0 && above > 0) change(top);
    for (std::int64_t y = 0; y < height; ++y) {
      if (mask.pixels[static_cast<std::size_t>(y * width + x)] != value) change(top + y0 + y);
    }
    if (value != 0 && below > 0) change(top + y0 + height);
  }
  if (value != 0 && x0 + width < extent.width) change((x0 + width) * extent.height);
  rle.counts.push_back(static_cast<std::uint32_t>(pixel_count(extent) - begun));
  return rle;
}

}  // namespace

Rle encode_rle(const Mask& mask) { return encoded(mask, 0, 0, mask.extent); }

Rle encode_rle(const CroppedMask& cropped, Extent2 picture) {
  return encoded(cropped.mask, cropped.x0, cropped.y0, picture);
}

namespace {

void check_total(const Rle& rle) {
  const std::int64_t total = std::accumulate(rle.counts.begin(), rle.counts.end(), std::int64_t{0});
  if (rle.extent.width >= 0 && rle.extent.height >= 0 && total == pixel_count(rle.extent)) return;
  throw Error(ErrorKind::corrupt_data, "run lengths: they add up to " + std::to_string(total) +
                                           " pixels, the mask has " +
                                           std::to_string(pixel_count(rle.extent)));
}

}  // namespace

Mask decode_rle(const Rle& rle) {
  check_total(rle);
  Mask mask = empty_mask(rle.extent);
  std::int64_t at = 0;
  std::uint8_t value = 0;
  for (const std::uint32_t run : rle.counts) {
    if (value != 0) {
      for (std::int64_t i = at; i < at + run; ++i) {
        mask.pixels[static_cast<std::size_t>((i % rle.extent.height) * rle.extent.width +
                                             i / rle.extent.height)] = 1;
      }
    }
    at += run;
    value ^= 1;
  }
  return mask;
}

Mask decode_rle(const Rle& rle, const Box2& within) {
  check_total(rle);
  const auto x0 = static_cast<std::int64_t>(within.x0), x1 = static_cast<std::int64_t>(within.x1);
  const auto y0 = static_cast<std::int64_t>(within.y0), y1 = static_cast<std::int64_t>(within.y1);
  Mask mask = empty_mask({x1 - x0 + 1, y1 - y0 + 1});
  std::int64_t at = 0;
  std::uint8_t value = 0;
  for (const std::uint32_t run : rle.counts) {
    const std::int64_t end = at + run, height = rle.extent.height;
    for (std::int64_t next = end; value != 0 && at < end; at = next) {
      const std::int64_t x = at / height, top = x * height;
      next = std::min(end, top + height);
      if (x < x0 || x > x1) continue;
      for (std::int64_t y = std::max(at - top, y0); y <= std::min(next - top - 1, y1); ++y)
        mask.pixels[static_cast<std::size_t>((y - y0) * mask.extent.width + x - x0)] = 1;
    }
    at = end;
    value ^= 1;
  }
  return mask;
}

std::int64_t area_px(const Rle& rle) {
  std::int64_t area = 0;
  for (std::size_t i = 1; i < rle.counts.size(); i += 2) area += rle.counts[i];
  return area;
}

std::optional<Box2> bounding_box(const Rle& rle) {
  std::int64_t x0 = rle.extent.width, y0 = rle.extent.height, x1 = -1, y1 = -1;
  std::int64_t at = 0;
  for (std::size_t i = 0; i < rle.counts.size(); at += rle.counts[i++]) {
    if (i % 2 == 0 || rle.counts[i] == 0) continue;
    const std::int64_t last = at + rle.counts[i] - 1, height = rle.extent.height;
    x0 = std::min(x0, at / height);
    x1 = std::max(x1, last / height);
    const bool one_column = at / height == last / height;
    y0 = std::min(y0, one_column ? at % height : 0);
    y1 = std::max(y1, one_column ? last % height : height - 1);
  }
  if (x1 < 0) return std::nullopt;
  return Box2{static_cast<double>(x0), static_cast<double>(y0), static_cast<double>(x1),
              static_cast<double>(y1)};
}

// Each count (from the third on, its difference to the count two before) goes out in groups of five bits,
// least first, the sixth bit saying that more follow, offset by 48. Source: cocoapi, maskApi.c, rleToString.
std::string coco_string(const Rle& rle) {
  std::string text;
  for (std::size_t i = 0; i < rle.counts.size(); ++i) {
    std::int64_t value = rle.counts[i];
    if (i > 2) value -= rle.counts[i - 2];
    for (bool more = true; more;) {
      std::int64_t group = value & 31;
      value >>= 5;
      more = (group & 16) != 0 ? value != -1 : value != 0;
      if (more) group |= 32;
      text += static_cast<char>(group + 48);
    }
  }
  return text;
}

Rle rle_from_coco_string(std::string_view text, Extent2 extent) {
  Rle rle{extent, {}};
  const auto refuse = [] { throw Error(ErrorKind::corrupt_data, "run lengths: not COCO's compressed text"); };
  for (std::size_t at = 0; at < text.size();) {
    std::int64_t value = 0;
    int shift = 0;
    for (bool more = true; more; shift += 5) {
      if (at == text.size() || shift > 35) refuse();
      const int group = text[at++] - 48;
      if (group < 0 || group > 63) refuse();
      value |= static_cast<std::int64_t>(group & 31) << shift;
      more = (group & 32) != 0;
      if (!more && (group & 16) != 0) value |= -(std::int64_t{1} << (shift + 5));
    }
    if (rle.counts.size() > 2) value += rle.counts[rle.counts.size() - 2];
    if (value < 0 || value > pixel_count(extent)) refuse();
    rle.counts.push_back(static_cast<std::uint32_t>(value));
  }
  return rle;
}

}  // namespace sonde
