// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonde/evaluate/results.h"
#include "sonde/evaluate/statistics.h"

namespace sonde {

// B minus A over the objects that both runs scored, for one data set, protocol, choice and step.
struct Comparison {
  std::string dataset;
  Level level = Level::slice;
  std::string protocol;
  Choice choice = Choice::confidence;
  int step = 1;
  std::int64_t only_a = 0, only_b = 0;  // scored by one run only
  double mean_a = 0, mean_b = 0;        // IoU over the common objects
  Estimate difference;                  // B - A, clustered by image
  double p = 1, p_holm = 1;             // Wilcoxon signed-rank; Holm over all comparisons of the call
};
std::vector<Comparison> compare_runs(const std::vector<ResultRow>& a, const std::vector<ResultRow>& b,
                                     std::uint64_t seed);
std::string comparison_table(
    const std::vector<Comparison>& comparisons);  // plain text, aligned, with a legend
std::string comparison_json(const std::vector<Comparison>& comparisons);

}  // namespace sonde
