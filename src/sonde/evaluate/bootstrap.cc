// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/bootstrap.h"

#include <algorithm>

#include "sonde/core/random.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxClustersKept = 20'000;  // 160 MB at 2000 draws

// `values` in two parts already: all before `from` are no larger than any after.
double percentile(std::vector<double>& values, double share, std::size_t from) {
  const double position = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin() + static_cast<std::ptrdiff_t>(from), at, values.end());
  if (at + 1 == values.end()) return *at;
  const double above = *std::min_element(at + 1, values.end());
  return *at + (above - *at) * (position - static_cast<double>(below));
}

}  // namespace

BootstrapSamples::BootstrapSamples(std::size_t clusters, std::uint64_t seed, int draws)
    : clusters_(clusters), drawn_(clusters * static_cast<std::size_t>(draws)) {
  Random random(seed);
  for (std::uint32_t& cluster : drawn_) cluster = static_cast<std::uint32_t>(random.below(clusters));
}

std::span<const std::uint32_t> BootstrapSamples::sample(std::size_t draw) const {
  return std::span(drawn_).subspan(draw * clusters_, clusters_);
}

Interval percentile_interval(std::vector<double>& values) {
  Interval interval;
  interval.low = percentile(values, 0.025, 0);
  const auto low_position = static_cast<std::size_t>(0.025 * static_cast<double>(values.size() - 1));
  interval.high = percentile(values, 0.975, low_position);
  return interval;
}

const BootstrapSamples& BootstrapCache::samples(std::size_t clusters) {
  const auto found = samples_.find(clusters);
  if (found != samples_.end()) return found->second;
  if (kept_ + clusters > kMaxClustersKept) {
    samples_.clear();
    kept_ = 0;
  }
  kept_ += clusters;
  return samples_.try_emplace(clusters, clusters, seed_, draws_).first->second;
}

}  // namespace sonde
