// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sonde/imaging/picture.h"

namespace sonde {

// The pixels whose centres lie inside any of the polygons, each taken by the even-odd rule. Coordinates as
// COCO's: the top-left corner of the top-left pixel is (0, 0), so the centre of pixel (x, y) is (x + 0.5,
// y + 0.5); a centre on an edge belongs to the polygon on its right or below it. What lies outside the
// picture is cut off. Throws Error{corrupt_data} for polygons that cross more rows than any drawing does.
Mask polygon_mask(const std::vector<std::vector<Point2>>& polygons, Extent2 extent);

}  // namespace sonde
