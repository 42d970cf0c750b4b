// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "sonde/evaluate/statistics.h"

namespace sonde {

// Sums over the objects of one cluster of their values, and the number of objects.
template <std::size_t Values>
struct ClusterSums {
  std::array<double, Values> sums{};
  double objects = 0;
};

// From the 2.5th to the 97.5th percentile, linear between order statistics. Rearranges the values; at least
// one.
Interval percentile_interval(std::vector<double>& values);

inline constexpr int kBootstrapDraws = 2000;

// Which of `clusters` clusters make up each bootstrap sample: as many as there are, with replacement, since
// objects of one image are alike. The same clusters and seed give the same samples, so that scores of the
// same objects are drawn together. Source: Field and Welsh 2007, cluster bootstrap.
class BootstrapSamples {
 public:
  BootstrapSamples(std::size_t clusters, std::uint64_t seed, int draws);
  std::size_t count() const { return clusters_ == 0 ? 0 : drawn_.size() / clusters_; }
  std::span<const std::uint32_t> sample(std::size_t draw) const;

  // 95 % intervals of the means over all objects; none for a single cluster. clusters: as many as given
  // above, at least one.
  template <std::size_t Values>
  std::array<Interval, Values> mean_intervals(const std::vector<ClusterSums<Values>>& clusters) const;

 private:
  static constexpr std::size_t kDrawsAtOnce = 4;
  template <std::size_t Values>
  std::array<ClusterSums<Values>, kDrawsAtOnce> totals_of(
      std::size_t first, const std::vector<ClusterSums<Values>>& clusters) const;

  std::size_t clusters_;
  std::vector<std::uint32_t> drawn_;  // clusters_ of each draw
};

// Samples of one seed, made once for every number of clusters.
class BootstrapCache {
 public:
  BootstrapCache(std::uint64_t seed, int draws) : seed_(seed), draws_(draws) {}
  const BootstrapSamples& samples(std::size_t clusters);

 private:
  std::uint64_t seed_;
  int draws_;
  std::size_t kept_ = 0;  // clusters of all samples
  std::map<std::size_t, BootstrapSamples> samples_;
};

// Spearman's rank correlation (mean ranks for ties) with a clustered bootstrap interval; absent below 3
// pairs or where one side is constant.
struct ClusteredPair {
  double x = 0, y = 0;
  std::int64_t cluster = 0;
};
std::optional<Estimate> rank_correlation(std::span<const ClusteredPair> pairs, BootstrapCache& cache);

// Of the draws from `first` on; beyond the last draw, of the last. Several at a time, since each addition
// waits for the one before it in its own draw only.
template <std::size_t Values>
auto BootstrapSamples::totals_of(std::size_t first, const std::vector<ClusterSums<Values>>& clusters) const
    -> std::array<ClusterSums<Values>, kDrawsAtOnce> {
  std::array<const std::uint32_t*, kDrawsAtOnce> samples{};
  for (std::size_t k = 0; k < kDrawsAtOnce; ++k) samples[k] = sample(std::min(first + k, count() - 1)).data();
  std::array<ClusterSums<Values>, kDrawsAtOnce> totals;
  for (std::size_t place = 0; place < clusters_; ++place) {
    for (std::size_t k = 0; k < kDrawsAtOnce; ++k) {
      const ClusterSums<Values>& cluster = clusters[samples[k][place]];
      for (std::size_t i = 0; i < Values; ++i) totals[k].sums[i] += cluster.sums[i];
      totals[k].objects += cluster.objects;
    }
  }
  return totals;
}

template <std::size_t Values>
std::array<Interval, Values> BootstrapSamples::mean_intervals(
    const std::vector<ClusterSums<Values>>& clusters) const {
  std::array<Interval, Values> intervals;
  intervals.fill(kNoInterval);
  if (clusters_ == 1) return intervals;
  std::array<std::vector<double>, Values> means;
  for (auto& values : means) values.reserve(count());
  for (std::size_t first = 0; first < count(); first += kDrawsAtOnce) {
    const std::size_t at_once = std::min(kDrawsAtOnce, count() - first);
    const auto totals = totals_of(first, clusters);
    for (std::size_t draw = 0; draw < at_once; ++draw) {
      for (std::size_t i = 0; i < Values; ++i)
        means[i].push_back(totals[draw].sums[i] / totals[draw].objects);
    }
  }
  std::ranges::transform(means, intervals.begin(), percentile_interval);
  return intervals;
}

}  // namespace sonde
