// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sonde/evaluate/report_index.h"
#include "sonde/imaging/geometry.h"
#include "sonde/imaging/picture.h"

// What report_html puts together. The shapes of the JSON are told in web/report/src/data.ts.
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

// What ResultRow::prompt says; text that is not a prompt gives nothing.
struct DrawnPrompt {
  std::vector<Point2> positive, negative;
  std::vector<Box2> boxes;
};
DrawnPrompt parse_drawn_prompt(std::string_view text);

// The part of a picture worth a closer look: a square around the masks and prompts where they are small in
// it; absent where they are not. Whole pixels.
std::optional<Box2> closer_look(const CasePicture& picture, const DrawnPrompt& prompt);

// {"pictures": [data URI ...], "lines": [...]}
nlohmann::json report_cases(const ReportInput& input, const ReportIndex& index);

// The outline of a mask along pixel edges as data of an SVG path to be filled by the even-odd rule. The
// top-left corner of the top-left pixel is (0, 0), a pixel `scale` wide. Empty for an empty mask.
std::string outline_path(const Mask& mask, std::int64_t scale = 1);

// The same, from a mask made coarser (majority of squares of 2, 4, ... pixels) until the path has at most
// `max` characters.
std::string outline_path_within(const Mask& mask, std::size_t max);

}  // namespace sonde
