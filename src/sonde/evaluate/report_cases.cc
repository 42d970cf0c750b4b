// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/report_parts.h"

namespace sonde {
namespace {

using nlohmann::json;

json caption_json(const ChosenCase& chosen, const ReportIndex& index) {
  const ResultRow& row = *chosen.row;
  return {{"rank", chosen.rank},
          {"dataSet", index.data_set(row.dataset)},
          {"column", index.column(row.protocol, row.step)},
          {"choice", index.choice(row.choice)},
          {"image", row.image},
          {"label", row.label},
          {"labelName", row.label_name},
          {"object", row.object},
          {"area", row.area_px},
          {"iou", rounded(row.scores.iou, 3)},
          {"dice", rounded(row.scores.dice, 3)},
          {"predicted", row.predicted_iou ? rounded(*row.predicted_iou, 2) : json(nullptr)}};
}

}  // namespace

json report_cases(const ReportInput& input, const ReportIndex& index) {
  PictureBook book;
  json lines = json::array();
  for (const ChosenCase& chosen : choose_cases(input.rows, index)) {
    json line = caption_json(chosen, index);
    const auto picture = input.picture ? input.picture(*chosen.row) : std::nullopt;
    if (picture) {
      const ResultRow& row = *chosen.row;
      json drawing = book.draw({row.dataset, row.image}, picture->image,
                               {{"truth", picture->truth}, {"prediction", picture->prediction}},
                               parse_prompt_marks(row.prompt));
      if (!drawing.is_null()) line["drawing"] = std::move(drawing);
    }
    lines.push_back(std::move(line));
  }
  return {{"pictures", book.data_uris()}, {"lines", std::move(lines)}};
}

}  // namespace sonde
