// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "sonde/evaluate/statistics.h"

namespace sonde {

// Sums over the objects of one cluster of up to three of their values, and the number of objects.
struct ClusterSums {
  std::array<double, 3> sums{};
  double objects = 0;
};

// Which of `clusters` clusters make up each bootstrap sample: as many as there are, with replacement. The
// same clusters and seed give the same samples, so that scores of the same objects are drawn together.
class BootstrapSamples {
 public:
  BootstrapSamples(std::size_t clusters, std::uint64_t seed, int draws);
  std::size_t count() const { return clusters_ == 0 ? 0 : drawn_.size() / clusters_; }
  std::span<const std::uint32_t> sample(std::size_t draw) const;

  // 95 % intervals of the three means over all objects; none for a single cluster. clusters: as many as given
  // above, at least one.
  std::array<Interval, 3> mean_intervals(std::span<const ClusterSums> clusters) const;

 private:
  static constexpr std::size_t kDrawsAtOnce = 4;
  std::array<ClusterSums, kDrawsAtOnce> totals_of(std::size_t first,
                                                  std::span<const ClusterSums> clusters) const;

  std::size_t clusters_;
  std::vector<std::uint32_t> drawn_;  // clusters_ of each draw
};

// From the 2.5th to the 97.5th percentile, linear between order statistics. Rearranges the values; at least
// one.
Interval percentile_interval(std::vector<double>& values);

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

// Spearman's correlation as rank_correlation, with the samples given for a number of clusters.
std::optional<Estimate> rank_correlation(std::span<const ClusteredPair> pairs, BootstrapCache& cache);

// Clusters by their number, values within by size: sums do not depend on the order given.
void sort_clustered(std::vector<ClusteredValue>& values);

}  // namespace sonde
