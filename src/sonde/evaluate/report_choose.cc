// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sonde/evaluate/report_parts.h"

namespace sonde {
namespace {

// Columns that a data set's cases come from: a box mode and a point protocol.
std::vector<std::size_t> shown_columns(const ReportIndex& index) {
  const auto first_of = [&](std::initializer_list<std::string_view> protocols) {
    std::optional<std::size_t> found;
    for (const std::string_view protocol : protocols)
      if (!found) found = index.find_column(protocol);
    return found;
  };
  std::vector<std::size_t> columns;
  for (const auto& column : {first_of({"mode4", "mode5", "mode3"}), first_of({"clicks", "mode2", "mode1"})})
    if (column) columns.push_back(*column);
  return columns;
}

}  // namespace

std::vector<ChosenCase> choose_cases(const std::vector<ResultRow>& rows, const ReportIndex& index) {
  const std::vector<std::size_t> columns = shown_columns(index);
  if (columns.empty() || index.choices().empty()) return {};
  std::vector<std::vector<std::vector<const ResultRow*>>> found(
      index.data_sets().size(), std::vector<std::vector<const ResultRow*>>(columns.size()));
  for (const ResultRow& row : rows) {
    if (row.level != Level::slice || row.choice != index.choices().front()) continue;
    const auto at = std::ranges::find(columns, index.column(row.protocol, row.step));
    if (at != columns.end())
      found[index.data_set(row.dataset)][static_cast<std::size_t>(at - columns.begin())].push_back(&row);
  }
  const std::size_t each = 12 * index.data_sets().size() <= kCasesInAll ? 2 : 1;  // of best, median and worst
  std::vector<ChosenCase> cases;
  for (auto& set : found)
    for (auto& objects : set) {
      std::ranges::stable_sort(objects, {}, [](const ResultRow* row) { return row->scores.iou; });
      if (cases.size() + 3 * each > kCasesInAll || objects.empty()) continue;
      std::vector<double> ious(objects.size());
      std::ranges::transform(objects, ious.begin(), [](const ResultRow* row) { return row->scores.iou; });
      for (const auto& [place, rank] : places_by_rank(ious, each)) cases.push_back({objects[place], rank});
    }
  return cases;
}

}  // namespace sonde
