// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "sonde/evaluate/bootstrap.h"

namespace sonde {
namespace {

// Spearman's correlation of pairs of which each counts as often as its cluster was drawn. The pairs are
// sorted once; ranks of a sample follow from running sums of the weights.
class WeightedSpearman {
 public:
  explicit WeightedSpearman(std::span<const ClusteredPair> pairs)
      : by_x_(order(pairs, &ClusteredPair::x)),
        by_y_(order(pairs, &ClusteredPair::y)),
        weights_(pairs.size()),
        ranks_x_(pairs.size()),
        ranks_y_(pairs.size()) {}

  // weights: of each cluster. clusters: of each pair. Absent where one side is constant.
  std::optional<double> of(std::span<const double> weights, std::span<const std::size_t> clusters) {
    double total = 0;
    for (std::size_t i = 0; i < clusters.size(); ++i) total += weights_[i] = weights[clusters[i]];
    rank(by_x_, ranks_x_);
    rank(by_y_, ranks_y_);
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (std::size_t i = 0; i < clusters.size(); ++i) {
      const double x = ranks_x_[i] - total;
      const double y = ranks_y_[i] - total;
      xx += weights_[i] * x * x;
      yy += weights_[i] * y * y;
      xy += weights_[i] * x * y;
    }
    if (xx == 0 || yy == 0) return std::nullopt;
    return std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0);
  }

 private:
  struct Place {
    std::size_t pair = 0;
    std::size_t ties_end = 0;  // place behind the pairs with the same value
  };

  static std::vector<Place> order(std::span<const ClusteredPair> pairs, double ClusteredPair::*side) {
    std::vector<Place> places(pairs.size());
    for (std::size_t i = 0; i < places.size(); ++i) places[i].pair = i;
    std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
      return std::make_tuple(pairs[a.pair].*side, a.pair) < std::make_tuple(pairs[b.pair].*side, b.pair);
    });
    std::size_t end = places.size();
    for (std::size_t i = places.size(); i-- > 0;) {
      if (i + 1 < places.size() && pairs[places[i].pair].*side != pairs[places[i + 1].pair].*side)
        end = i + 1;
      places[i].ties_end = end;
    }
    return places;
  }

  // Twice the mean rank, less one: whole numbers, whose mean is the sum of the weights.
  void rank(std::span<const Place> places, std::span<double> ranks) const {
    double before = 0;
    for (std::size_t first = 0; first < places.size();) {
      const std::size_t end = places[first].ties_end;
      double tied = 0;
      for (std::size_t i = first; i < end; ++i) tied += weights_[places[i].pair];
      for (std::size_t i = first; i < end; ++i) ranks[places[i].pair] = 2 * before + tied;
      before += tied;
      first = end;
    }
  }

  std::vector<Place> by_x_, by_y_;
  std::vector<double> weights_, ranks_x_, ranks_y_;
};

// Number of each pair's cluster, from 0 in the order of the clusters' own.
std::vector<std::size_t> cluster_numbers(std::span<const ClusteredPair> sorted) {
  std::vector<std::size_t> numbers(sorted.size(), 0);
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    numbers[i] = numbers[i - 1] + (sorted[i].cluster == sorted[i - 1].cluster ? 0 : 1);
  }
  return numbers;
}

}  // namespace

std::optional<Estimate> rank_correlation(std::span<const ClusteredPair> pairs, BootstrapCache& cache) {
  if (pairs.size() < 3) return std::nullopt;
  std::vector<ClusteredPair> sorted(pairs.begin(), pairs.end());
  std::sort(sorted.begin(), sorted.end(), [](const ClusteredPair& a, const ClusteredPair& b) {
    return std::tie(a.cluster, a.x, a.y) < std::tie(b.cluster, b.x, b.y);
  });
  const auto clusters = cluster_numbers(sorted);
  const std::size_t cluster_count = clusters.back() + 1;
  WeightedSpearman spearman(sorted);
  std::vector<double> weights(cluster_count, 1);
  const auto rho = spearman.of(weights, clusters);
  if (!rho) return std::nullopt;
  std::vector<double> drawn;
  const BootstrapSamples& samples = cache.samples(cluster_count);
  for (std::size_t draw = 0; draw < samples.count(); ++draw) {
    std::fill(weights.begin(), weights.end(), 0);
    for (const std::uint32_t cluster : samples.sample(draw)) weights[cluster] += 1;
    if (const auto value = spearman.of(weights, clusters)) drawn.push_back(*value);
  }
  const bool has_interval = cluster_count > 1 && !drawn.empty();
  const Interval interval = has_interval ? percentile_interval(drawn) : kNoInterval;
  return Estimate{*rho, interval, static_cast<std::int64_t>(pairs.size())};
}

}  // namespace sonde
