// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sonde/evaluate/report_index.h"

namespace sonde {

// Distribution of the IoU and its course with object size, for each data set, mode (or the last click) and
// choice, over rows of Level::slice: quantiles, density and a sample of the objects, so that a page stays
// light however many rows there are. The shapes are told in web/report/src/data.ts.
nlohmann::json report_series(const std::vector<ResultRow>& rows, const ReportIndex& index);

// Gaussian kernel density of sorted values in [0, 1], mirrored at both ends, at kDensityPoints even places;
// the largest is 1.
inline constexpr int kDensityPoints = 51;
std::vector<double> mirrored_density(const std::vector<double>& sorted);

}  // namespace sonde
