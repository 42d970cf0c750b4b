// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "sonde/train/report_parts.h"

namespace sonde {
namespace {

bool is_of(const BeforeAfter& line, const MeasureRow& row) {
  return line.part == row.part && line.dataset == row.dataset && line.prompt == row.prompt &&
         line.choice == row.choice;
}

bool is_of(const BeforeAfter& line, const CardComparison& tested) {
  return line.part == SplitPart::test && line.dataset == tested.after.dataset &&
         to_string(line.prompt) == tested.after.prompt && to_string(line.choice) == tested.after.choice;
}

}  // namespace

std::vector<BeforeAfter> compared(const RunFiles& run) {
  std::vector<BeforeAfter> lines;
  for (const MeasureRow& row : run.checks) {
    if (row.part != SplitPart::test && row.part != SplitPart::guard) continue;
    auto found = std::ranges::find_if(lines, [&](const BeforeAfter& line) { return is_of(line, row); });
    if (found == lines.end())
      found = lines.insert(
          found, {row.part, row.dataset, row.prompt, row.choice, {row.iou, row.predicted_iou_error}, {}, {}});
    found->after = {row.iou, row.predicted_iou_error};
    ++found->measured;
  }
  if (!run.card) return {};
  std::erase_if(lines, [](const BeforeAfter& line) { return line.measured < 2; });
  for (const CardComparison& tested : run.card->test) {
    const auto found =
        std::ranges::find_if(lines, [&](const BeforeAfter& line) { return is_of(line, tested); });
    if (found != lines.end()) found->p = tested.p;
  }
  return lines;
}

}  // namespace sonde
