// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/evaluate/bootstrap.h"
#include "sonde/evaluate/clusters.h"

namespace sonde {
namespace {

struct Pair {
  const ResultRow* a = nullptr;
  const ResultRow* b = nullptr;
};
struct Pairs {
  std::vector<Pair> common;
  std::int64_t only_a = 0, only_b = 0;
};

using Groups = std::map<std::string_view, std::map<GroupKey, Pairs>, NameOrder>;  // by data set

// Both sorted by comes_before, which compares nothing but what makes a row the same in both runs.
Groups paired(std::span<const ResultRow* const> a, std::span<const ResultRow* const> b) {
  Groups groups;
  const auto group_of = [&](const ResultRow& row) -> Pairs& { return groups[row.dataset][GroupKey(row)]; };
  while (!a.empty() || !b.empty()) {
    if (b.empty() || (!a.empty() && comes_before(*a.front(), *b.front()))) {
      ++group_of(*a.front()).only_a;
      a = a.subspan(1);
    } else if (a.empty() || comes_before(*b.front(), *a.front())) {
      ++group_of(*b.front()).only_b;
      b = b.subspan(1);
    } else {
      group_of(*a.front()).common.push_back({a.front(), b.front()});
      a = a.subspan(1);
      b = b.subspan(1);
    }
  }
  return groups;
}

// Differences of the IoU, B - A.
struct Differences {
  std::vector<double> values;
  std::vector<ClusterSums<1>> images;
  double sum_a = 0, sum_b = 0, sum = 0;
};

Differences differences_of(const Pairs& pairs) {
  Differences result;
  std::vector<const ResultRow*> rows;
  for (const auto& [a, b] : pairs.common) rows.push_back(a);
  const ClusterNumbers clusters(rows);
  std::map<std::int64_t, ClusterSums<1>> images;
  for (const auto& [a, b] : pairs.common) {
    const double iou_a = rounded_as_csv(a->scores).iou;
    const double iou_b = rounded_as_csv(b->scores).iou;
    const double difference = std::round((iou_b - iou_a) * 1e6) / 1e6;  // equal differences are ties
    result.values.push_back(difference);
    result.sum_a += iou_a;
    result.sum_b += iou_b;
    result.sum += difference;
    ClusterSums<1>& image = images[clusters.of(*a)];
    image.sums[0] += difference;
    image.objects += 1;
  }
  for (const auto& [number, sums] : images) result.images.push_back(sums);
  return result;
}

Comparison compare_pairs(std::string_view dataset, const GroupKey& group, const Pairs& pairs,
                         BootstrapCache& cache) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  Comparison result;
  result.dataset = dataset;
  result.level = group.level;
  result.protocol = group.protocol;
  result.choice = group.choice;
  result.step = group.step;
  result.only_a = pairs.only_a;
  result.only_b = pairs.only_b;
  result.mean_a = result.mean_b = kNone;
  result.difference = {kNone, {kNone, kNone}, 0};
  if (pairs.common.empty()) return result;
  const auto [differences, images, sum_a, sum_b, sum] = differences_of(pairs);
  const auto n = static_cast<double>(differences.size());
  result.mean_a = sum_a / n;
  result.mean_b = sum_b / n;
  result.difference = {sum / n, cache.samples(images.size()).mean_intervals(images)[0],
                       static_cast<std::int64_t>(differences.size())};
  result.p = wilcoxon_p(differences);
  return result;
}

void adjust(std::vector<Comparison>& comparisons) {
  std::vector<double> p_values;
  for (const Comparison& comparison : comparisons) {
    if (comparison.difference.n > 0) p_values.push_back(comparison.p);
  }
  const auto adjusted = holm(p_values);
  auto next = adjusted.begin();
  for (Comparison& comparison : comparisons) {
    if (comparison.difference.n > 0) comparison.p_holm = *next++;
  }
}

}  // namespace

std::vector<Comparison> compare_runs(const std::vector<ResultRow>& a, const std::vector<ResultRow>& b,
                                     std::uint64_t seed) {
  BootstrapCache cache(seed, kBootstrapDraws);
  std::vector<Comparison> comparisons;
  for (const auto& [dataset, groups] : paired(sorted_rows(a), sorted_rows(b)))
    for (const auto& [group, pairs] : groups)
      comparisons.push_back(compare_pairs(dataset, group, pairs, cache));
  const bool any = std::any_of(comparisons.begin(), comparisons.end(),
                               [](const Comparison& comparison) { return comparison.difference.n > 0; });
  if (!any) {
    throw Error(
        ErrorKind::usage,
        "the two runs have no object in common (same data set, image, label, object, protocol, choice and "
        "step): " +
            std::to_string(a.size()) + " rows in the first, " + std::to_string(b.size()) + " in the second");
  }
  adjust(comparisons);
  return comparisons;
}

}  // namespace sonde
