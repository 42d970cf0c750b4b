// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/rle.h"

#include <algorithm>
#include <numeric>

#include "sonde/core/error.h"

namespace sonde {

Rle encode_rle(const Mask& mask) {
  const Extent2 extent = mask.extent;
  return encode_rle(mask,
                    {0, 0, static_cast<double>(extent.width - 1), static_cast<double>(extent.height - 1)});
}

Rle encode_rle(const Mask& mask, const Box2& within) {
  const auto [width, height] = mask.extent;
  const auto x1 = static_cast<std::int64_t>(within.x1);
  const auto y0 = static_cast<std::int64_t>(within.y0);
  const auto y1 = static_cast<std::int64_t>(within.y1);
  Rle rle{mask.extent, {}};
  std::uint8_t value = 0;
  std::int64_t begun = 0;  // where the current run began, column by column
  const auto change = [&](std::int64_t at) {
    rle.counts.push_back(static_cast<std::uint32_t>(at - begun));
    begun = at;
    value ^= 1;
  };
  for (auto x = static_cast<std::int64_t>(within.x0); x <= x1; ++x) {
    if (value != 0 && y0 > 0) change(x * height);
    for (std::int64_t y = y0; y <= y1; ++y) {
      if (mask.pixels[static_cast<std::size_t>(y * width + x)] != value) change(x * height + y);
    }
    if (value != 0 && y1 < height - 1) change(x * height + y1 + 1);
  }
  if (value != 0 && x1 < width - 1) change((x1 + 1) * height);
  rle.counts.push_back(static_cast<std::uint32_t>(width * height - begun));
  return rle;
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
