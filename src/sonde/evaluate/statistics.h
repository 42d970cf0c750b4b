// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
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

// Values of objects, each with the image it lies in (any numbering).
struct ClusteredValue {
  double value = 0;
  std::int64_t cluster = 0;
};

// Mean of the values and its percentile bootstrap interval: whole clusters are drawn with replacement, since
// objects of one image are alike. One cluster: no interval. Deterministic in `seed`.
// Empty: n is 0 and the numbers are not-a-number.
// Source: Field and Welsh 2007, cluster bootstrap.
inline constexpr int kBootstrapDraws = 2000;
Estimate clustered_mean(std::span<const ClusteredValue> values, std::uint64_t seed,
                        int draws = kBootstrapDraws);

// Spearman's rank correlation (mean ranks for ties) with a clustered bootstrap interval; absent below 3
// pairs or where one side is constant.
struct ClusteredPair {
  double x = 0, y = 0;
  std::int64_t cluster = 0;
};
std::optional<Estimate> rank_correlation(std::span<const ClusteredPair> pairs, std::uint64_t seed,
                                         int draws = 500);

// Two-sided Wilcoxon signed-rank test of paired differences: zeros are dropped (Wilcoxon 1945), tied ranks
// are averaged; exact for up to 25 untied differences, else normal with tie and continuity correction. 1 if
// all are zero.
double wilcoxon_p(std::span<const double> differences);

// Holm's step-down adjustment, in the order given; each at most 1.
std::vector<double> holm(std::span<const double> p_values);

}  // namespace sonde
