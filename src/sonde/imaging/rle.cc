// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/rle.h"

#include <numeric>

#include "sonde/core/error.h"

namespace sonde {

Rle encode_rle(const Mask& mask) {
  Rle rle{mask.extent, {}};
  std::uint8_t value = 0;
  std::uint32_t run = 0;
  for (std::int64_t x = 0; x < mask.extent.width; ++x) {
    for (std::int64_t y = 0; y < mask.extent.height; ++y) {
      const std::uint8_t pixel = mask.pixels[static_cast<std::size_t>(y * mask.extent.width + x)];
      if (pixel != value) {
        rle.counts.push_back(run);
        run = 0;
        value = pixel;
      }
      ++run;
    }
  }
  rle.counts.push_back(run);
  return rle;
}

Mask decode_rle(const Rle& rle) {
  const std::int64_t total = std::accumulate(rle.counts.begin(), rle.counts.end(), std::int64_t{0});
  if (rle.extent.width < 0 || rle.extent.height < 0 || total != pixel_count(rle.extent)) {
    throw Error(ErrorKind::corrupt_data, "run lengths: they add up to " + std::to_string(total) +
                                             " pixels, the mask has " +
                                             std::to_string(pixel_count(rle.extent)));
  }
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
