// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sonde/imaging/picture.h"

namespace sonde {

// For people's eyes; what the network sees is resized in predict/.

// `factor` (at least 1) times as wide and as high, by cubic interpolation between pixels' centres. Edges
// repeat. Source: Catmull and Rom 1974, A class of local interpolating splines.
RgbImage enlarged(const RgbImage& image, std::int64_t factor);

// Each pixel is the mean of the area that it covers. extent: at most the image's, at least 1 x 1.
RgbImage area_average(const RgbImage& image, Extent2 extent);

}  // namespace sonde
