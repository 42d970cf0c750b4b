// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/statistics.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace sonde {
namespace {

constexpr std::size_t kMaxExact = 25;

// Differences without the zeros, by size, with mean ranks for ties.
struct SignedRanks {
  std::size_t n = 0;
  double positive = 0;        // sum of the ranks of the differences above 0
  double tie_correction = 0;  // sum of t^3 - t over groups of t equal sizes
};

SignedRanks signed_ranks(std::span<const double> differences) {
  std::vector<double> sorted;
  std::copy_if(differences.begin(), differences.end(), std::back_inserter(sorted),
               [](double d) { return d != 0; });
  std::sort(sorted.begin(), sorted.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  SignedRanks ranks;
  ranks.n = sorted.size();
  for (std::size_t first = 0; first < sorted.size();) {
    std::size_t end = first;
    double above = 0;
    for (; end < sorted.size() && std::abs(sorted[end]) == std::abs(sorted[first]); ++end)
      above += sorted[end] > 0 ? 1 : 0;
    const auto ties = static_cast<double>(end - first);
    ranks.positive += above * (static_cast<double>(first + end + 1) / 2);
    ranks.tie_correction += ties * ties * ties - ties;
    first = end;
  }
  return ranks;
}

// Share of the 2^n assignments of signs whose positive ranks 1 .. n add up to at most `sum`.
double share_up_to(std::size_t n, double sum) {
  std::vector<double> ways(n * (n + 1) / 2 + 1, 0);
  ways[0] = 1;
  for (std::size_t rank = 1; rank <= n; ++rank) {
    for (std::size_t total = ways.size(); total-- > rank;) ways[total] += ways[total - rank];
  }
  const auto end = ways.begin() + static_cast<std::ptrdiff_t>(sum) + 1;
  return std::ldexp(std::accumulate(ways.begin(), end, 0.0), -static_cast<int>(n));
}

}  // namespace

double wilcoxon_p(std::span<const double> differences) {
  const SignedRanks ranks = signed_ranks(differences);
  if (ranks.n == 0) return 1;
  const auto n = static_cast<double>(ranks.n);
  const double all = n * (n + 1) / 2;
  const double smaller = std::min(ranks.positive, all - ranks.positive);
  if (ranks.n <= kMaxExact && ranks.tie_correction == 0)
    return std::min(1.0, 2 * share_up_to(ranks.n, smaller));
  const double variance = n * (n + 1) * (2 * n + 1) / 24 - ranks.tie_correction / 48;
  const double away = std::max(0.0, all / 2 - smaller - 0.5);
  return std::erfc(away / std::sqrt(variance) / std::numbers::sqrt2);
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double running_max = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    running_max =
        std::max(running_max, std::min(1.0, static_cast<double>(order.size() - i) * p_values[order[i]]));
    adjusted[order[i]] = running_max;
  }
  return adjusted;
}

}  // namespace sonde
