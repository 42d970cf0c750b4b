// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <tuple>

#include "sonde/evaluate/bootstrap.h"

namespace sonde {

// For tests: values of objects, each with the image it lies in (any numbering).
struct ClusteredValue {
  double value = 0;
  std::int64_t cluster = 0;
};

// Mean of the values and its interval, drawn as the summary draws them.
inline Estimate clustered_mean(std::span<const ClusteredValue> values, std::uint64_t seed) {
  if (values.empty()) return {kNoInterval.low, kNoInterval, 0};
  std::vector<ClusteredValue> sorted(values.begin(), values.end());
  std::ranges::sort(sorted, {},
                    [](const ClusteredValue& v) { return std::tie(v.cluster, v.value); });  // sums are alike
  std::vector<ClusterSums<1>> clusters;
  double sum = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i == 0 || sorted[i].cluster != sorted[i - 1].cluster) clusters.emplace_back();
    clusters.back().sums[0] += sorted[i].value;
    clusters.back().objects += 1;
  }
  for (const ClusterSums<1>& cluster : clusters) sum += cluster.sums[0];
  const BootstrapSamples samples(clusters.size(), seed, kBootstrapDraws);
  return {sum / static_cast<double>(values.size()), samples.mean_intervals(clusters)[0],
          static_cast<std::int64_t>(values.size())};
}

inline std::optional<Estimate> rank_correlation(std::span<const ClusteredPair> pairs, std::uint64_t seed) {
  BootstrapCache cache(seed, 500);
  return rank_correlation(pairs, cache);
}

}  // namespace sonde
