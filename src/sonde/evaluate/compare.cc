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

// Rows of one data set, level, protocol, choice and step.
struct Question {
  std::string_view dataset;
  Level level = Level::slice;
  std::string_view protocol;
  Choice choice = Choice::confidence;
  int step = 1;
  bool operator<(const Question& other) const {
    if (dataset != other.dataset) return name_before(dataset, other.dataset);
    return std::tie(level, protocol, choice, step) <
           std::tie(other.level, other.protocol, other.choice, other.step);
  }
};
Question question_of(const ResultRow& row) {
  return {row.dataset, row.level, row.protocol, row.choice, row.step};
}

struct Pair {
  const ResultRow* a = nullptr;
  const ResultRow* b = nullptr;
};
struct Pairs {
  std::vector<Pair> common;
  std::int64_t only_a = 0, only_b = 0;
};

// Both sorted by comes_before, which compares nothing but what makes a row the same in both runs.
std::map<Question, Pairs> paired(std::span<const ResultRow* const> a, std::span<const ResultRow* const> b) {
  std::map<Question, Pairs> pairs;
  while (!a.empty() || !b.empty()) {
    if (b.empty() || (!a.empty() && comes_before(*a.front(), *b.front()))) {
      ++pairs[question_of(*a.front())].only_a;
      a = a.subspan(1);
    } else if (a.empty() || comes_before(*b.front(), *a.front())) {
      ++pairs[question_of(*b.front())].only_b;
      b = b.subspan(1);
    } else {
      pairs[question_of(*a.front())].common.push_back({a.front(), b.front()});
      a = a.subspan(1);
      b = b.subspan(1);
    }
  }
  return pairs;
}

// IoU of A, of B and their difference.
struct Differences {
  std::vector<double> values;
  std::vector<ClusterSums> images;
  ClusterSums total;
};

Differences differences_of(const Pairs& pairs) {
  Differences result;
  std::vector<const ResultRow*> rows;
  for (const auto& [a, b] : pairs.common) rows.push_back(a);
  const ClusterNumbers clusters(rows);
  std::map<std::int64_t, ClusterSums> images;
  for (const auto& [a, b] : pairs.common) {
    const double iou_a = as_written(a->scores).iou;
    const double iou_b = as_written(b->scores).iou;
    result.values.push_back(std::round((iou_b - iou_a) * 1e6) / 1e6);  // equal differences are ties
    ClusterSums& image = images[clusters.of(*a)];
    for (ClusterSums* sums : {&image, &result.total}) {
      sums->sums[0] += iou_a;
      sums->sums[1] += iou_b;
      sums->sums[2] += result.values.back();
      sums->objects += 1;
    }
  }
  for (const auto& [number, sums] : images) result.images.push_back(sums);
  return result;
}

Comparison compare_pairs(const Question& question, const Pairs& pairs, BootstrapCache& cache) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  Comparison result;
  result.dataset = question.dataset;
  result.level = question.level;
  result.protocol = question.protocol;
  result.choice = question.choice;
  result.step = question.step;
  result.only_a = pairs.only_a;
  result.only_b = pairs.only_b;
  result.mean_a = result.mean_b = kNone;
  result.difference = {kNone, {kNone, kNone}, 0};
  if (pairs.common.empty()) return result;
  const auto [differences, images, total] = differences_of(pairs);
  result.mean_a = total.sums[0] / total.objects;
  result.mean_b = total.sums[1] / total.objects;
  result.difference = {total.sums[2] / total.objects, cache.samples(images.size()).mean_intervals(images)[2],
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
  for (const auto& [question, pairs] : paired(sorted_rows(a), sorted_rows(b))) {
    comparisons.push_back(compare_pairs(question, pairs, cache));
  }
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
