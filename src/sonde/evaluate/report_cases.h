// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sonde/evaluate/report_index.h"
#include "sonde/imaging/geometry.h"

namespace sonde {

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

// The part of a picture worth a closer look: a square round the masks and prompts where they are small in it;
// absent where they are not. Whole pixels.
std::optional<Box2> closer_look(const CasePicture& picture, const DrawnPrompt& prompt);

// {"pictures": [data URI ...], "lines": [...]}; the shapes are told in web/report/src/data.ts.
nlohmann::json report_cases(const ReportInput& input, const ReportIndex& index);

}  // namespace sonde
