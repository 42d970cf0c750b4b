// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/core/fields.h"
#include "sonde/core/natural_order.h"
#include "sonde/evaluate/scores.h"
#include "sonde/evaluate/task.h"

namespace sonde {

// Which of the decoder's candidates is taken (docs/study.md): the one with the highest predicted IoU, the
// first, the best by the truth, the single-mask answer, or what the model's card says of such a prompt.
enum class Choice { confidence, first, oracle, single, card };
constexpr auto words(Choice) { return Words{"Choice", "confidence", "first", "oracle", "single", "card"}; }
Choice parse_choice(std::string_view text);  // Error{usage} lists them

enum class Level { slice, volume };
std::string_view to_string(Level level);

// A row of results.csv.
struct ResultRow {
  std::string dataset, image;
  std::int64_t label = 1;
  std::string label_name, object;
  Level level = Level::slice;
  std::int64_t area_px = 0;  // voxels for a volume
  std::string protocol;      // "mode1" .. "mode5", "clicks"
  Choice choice = Choice::confidence;
  int step = 1;
  std::string prompt;  // "+x,y;-x,y", "x0,y0,x1,y1;..."; empty for a volume
  Scores scores;
  DistanceUnit unit = DistanceUnit::px;
  std::optional<double> predicted_iou;  // absent for a volume
  std::optional<int> candidate;         // 0..2 of the three; absent for the single mask and for a volume
};

// Order of results.csv: data set, image (numbers in names by value), level, label, label_name, object,
// protocol, choice, step.
bool comes_before(const ResultRow& a, const ResultRow& b);

// Scores as results.csv holds them: what is computed from rows is the same before and after writing.
Scores rounded_as_csv(Scores scores);

// RFC 4180 with the header line of docs/study.md, \n ends a line, six decimals, infinite distances as "inf".
// Equal rows give equal bytes. Reading throws Error naming file and line: corrupt_data.
std::string results_csv(const std::vector<ResultRow>& rows);
std::vector<ResultRow> read_results_csv(const std::filesystem::path& path);
std::string failures_csv(const std::vector<StudyFailure>& failures);
std::vector<StudyFailure> read_failures_csv(const std::filesystem::path& path);

}  // namespace sonde
