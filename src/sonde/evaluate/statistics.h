// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace sonde {

struct Interval {
  double low = 0, high = 0;  // both not-a-number: there is none, all values are of one image
};
inline constexpr Interval kNoInterval{std::numeric_limits<double>::quiet_NaN(),
                                      std::numeric_limits<double>::quiet_NaN()};
struct Estimate {
  double mean = 0;
  Interval interval;  // 95 %
  std::int64_t n = 0;
};

// Two-sided Wilcoxon signed-rank test of paired differences: zeros are dropped (Wilcoxon 1945), tied ranks
// are averaged; exact for up to 25 untied differences, else normal with tie and continuity correction. 1 if
// all are zero.
double wilcoxon_p(std::span<const double> differences);

// Holm's step-down adjustment, in the order given; each at most 1.
std::vector<double> holm(std::span<const double> p_values);

}  // namespace sonde
