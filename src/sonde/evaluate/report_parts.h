// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sonde/evaluate/report_drawing.h"
#include "sonde/evaluate/report_index.h"

// What report_html puts together. The shapes of the JSON are told in web/report/src/study/data.ts.
namespace sonde {

// The study in one sentence: the best described box mode and the last click, with the objects scored.
std::string report_headline(const ReportInput& input, const ReportIndex& index);

// What tables and curves show.
nlohmann::json report_tables(const ReportInput& input, const ReportIndex& index);

// Distribution of the IoU and its course with object size, for each data set, mode (or the last click) and
// choice, over rows of Level::slice: quantiles, density and a sample of the objects, so that a page stays
// light however many rows there are.
nlohmann::json report_series(const std::vector<ResultRow>& rows, const ReportIndex& index);

// Gaussian kernel density of sorted values in [0, 1], mirrored at both ends, at kDensityPoints even places;
// the largest is 1.
inline constexpr int kDensityPoints = 51;
std::vector<double> mirrored_density(const std::vector<double>& sorted);

// The rows to be shown as pictures: of every data set the best, the median and the worst by IoU of a box mode
// and of the last click (else a point mode), as answered by the first choice of the study. At most
// kCasesInAll, at most 12 a data set; the later data sets get none where there are too many.
inline constexpr std::size_t kCasesInAll = 60;
struct ChosenCase {
  const ResultRow* row = nullptr;
  std::string_view rank;  // "best", "median", "worst"; "only", "alike"
};
std::vector<ChosenCase> choose_cases(const std::vector<ResultRow>& rows, const ReportIndex& index);

// {"pictures": [data URI ...], "lines": [...]}
nlohmann::json report_cases(const ReportInput& input, const ReportIndex& index);

}  // namespace sonde
