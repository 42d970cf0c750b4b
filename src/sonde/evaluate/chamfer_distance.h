// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sonde/imaging/picture.h"

namespace sonde {

// How far each pixel of `box` is from the nearest one outside the mask, row-major, 0 for those that are
// outside; all beyond the box counts as outside. In pixels, along steps to the 16 neighbours within 5 x 5,
// each of about its own length: the published study's measure, in every bit the floats that OpenCV's DIST_L2
// with mask size 5 gives for the box within a frame of zeros. distance_transform.h has the exact one. box:
// whole numbers within the mask. Source: Borgefors 1986, Distance transformations in digital images.
std::vector<float> chamfer_distance(const Mask& mask, const Box2& box);

}  // namespace sonde
