// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sonde/imaging/cropped_mask.h"
#include "sonde/imaging/picture.h"

namespace sonde {

// A mask as COCO run lengths: columns first (column-major), the first run counts zeros, so it may be 0.
struct Rle {
  Extent2 extent;
  std::vector<std::uint32_t> counts;
  bool operator==(const Rle&) const = default;
};
Rle encode_rle(const Mask& mask);
Rle encode_rle(const CroppedMask& cropped, Extent2 picture);
// Throws Error{corrupt_data} if the counts do not add up to the extent.
Mask decode_rle(const Rle& rle);
// The pixels of the box alone, at its extent: a small object of a large picture.
Mask decode_rle(const Rle& rle, const Box2& within);
std::int64_t area_px(const Rle& rle);
std::optional<Box2> bounding_box(const Rle& rle);  // absent for an empty mask

// COCO's compressed text of the counts (pycocotools' rleToString and back). Throws Error{corrupt_data} for
// text it cannot hold.
std::string coco_string(const Rle& rle);
Rle rle_from_coco_string(std::string_view text, Extent2 extent);

}  // namespace sonde
