// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "sonde/evaluate/report.h"

namespace sonde {

// For tests: a row of a box mode or of clicks.
inline ResultRow row_of(std::string data_set, std::string image, std::string protocol, double iou) {
  ResultRow row;
  row.dataset = std::move(data_set);
  row.image = std::move(image);
  row.label_name = "cord";
  row.area_px = 40;
  row.protocol = std::move(protocol);
  row.prompt = row.protocol == "clicks" ? "+3,3;-0,1" : "2,2,5,5";
  row.scores = {.iou = iou, .dice = iou, .hd95 = 1, .asd = 1, .surface_dice = iou};
  row.predicted_iou = iou;
  row.candidate = 0;
  return row;
}

// The lines that summarise() would give for the rows, without intervals: of one label and of all.
inline Summary summary_of(const std::vector<ResultRow>& rows) {
  Summary summary;
  for (const ResultRow& row : rows) {
    if (summary.expected.empty() || summary.expected.back().dataset != row.dataset)
      summary.expected.push_back({row.dataset, 0, 0, 0, {{row.label, row.label_name, 0, 0}}});
    for (const auto& label : {std::optional<std::int64_t>(), std::optional(row.label)}) {
      const auto same = [&](const ScoreSummary& line) {
        return line.dataset == row.dataset && line.label == label && line.protocol == row.protocol &&
               line.choice == row.choice && line.step == row.step;
      };
      auto found = std::find_if(summary.scores.begin(), summary.scores.end(), same);
      if (found == summary.scores.end()) {
        ScoreSummary line;
        line.dataset = row.dataset;
        line.label = label;
        line.label_name = label ? row.label_name : "";
        line.protocol = row.protocol;
        line.choice = row.choice;
        line.step = row.step;
        found = summary.scores.insert(found, line);
      }
      const auto n = static_cast<double>(found->iou().n);
      const double mean = (found->iou().mean * n + row.scores.iou) / (n + 1);
      const MetricEstimate next{{mean, {mean, mean}, found->iou().n + 1}, 0};
      found->metrics[&Scores::iou] = found->metrics[&Scores::dice] = next;
      found->expected = next.n;
    }
  }
  return summary;
}

inline ReportInput study_of(std::vector<ResultRow> rows) {
  ReportInput input;
  input.title = "a study";
  input.summary = summary_of(rows);
  input.rows = std::move(rows);
  input.picture = [](const ResultRow&) {
    const Extent2 extent{40, 30};
    CasePicture picture;
    picture.image = {extent, std::vector<std::uint8_t>(3600, 90)};
    picture.truth = empty_mask(extent);
    for (const std::size_t pixel : {2 * 40 + 3, 2 * 40 + 4, 3 * 40 + 3}) picture.truth.pixels[pixel] = 1;
    picture.prediction = picture.truth;
    return std::optional(picture);
  };
  return input;
}

}  // namespace sonde
