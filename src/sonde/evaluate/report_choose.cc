// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

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

using Places = std::vector<std::pair<std::size_t, std::string_view>>;

// IoU as the page shows it.
long shown_iou(const ResultRow* row) { return std::lround(1000 * row->scores.iou); }

// `each` of the best, of the median and of the worst of objects sorted by IoU, worst first. Up to three
// objects are shown once each; the best are better than the worst, and objects all alike have no rank.
Places places(const std::vector<const ResultRow*>& objects, std::size_t each) {
  const std::size_t count = objects.size();
  if (count == 1) return {{0, "only"}};
  Places chosen;
  if (shown_iou(objects.front()) == shown_iou(objects.back())) {
    for (std::size_t i = 0; i < std::min<std::size_t>(count, 3); ++i) chosen.emplace_back(i, "alike");
    return chosen;
  }
  const auto take = [&](std::size_t place, std::string_view rank) {
    if (place < count &&
        std::ranges::find(chosen, place, [](const auto& c) { return c.first; }) == chosen.end())
      chosen.emplace_back(place, rank);
  };
  if (count <= 3) each = 1;
  for (std::size_t i = 0; i < each; ++i)
    if (shown_iou(objects[count - 1 - i]) > shown_iou(objects.front())) take(count - 1 - i, "best");
  if (count > 2)
    for (std::size_t i = each; i-- > 0;) take((count - 1) / 2 + i, "median");
  for (std::size_t i = each; i-- > 0;) take(i, "worst");
  return chosen;
}

std::optional<double> number_from(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<double> numbers_from(std::string_view text) {
  std::vector<double> numbers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const auto value = number_from(text.substr(at, end - at));
    if (!value) return {};
    numbers.push_back(*value);
    at = end + 1;
  }
  return numbers;
}

void add_part(DrawnPrompt& prompt, std::string_view part) {
  const bool is_point = !part.empty() && (part.front() == '+' || part.front() == '-');
  const auto point = is_point ? numbers_from(part.substr(1)) : std::vector<double>{};
  const auto box = numbers_from(part);
  if (box.size() == 4)
    prompt.boxes.push_back({box[0], box[1], box[2], box[3]});
  else if (point.size() == 2)
    (part.front() == '+' ? prompt.positive : prompt.negative).push_back({point[0], point[1]});
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
      for (const auto& [place, rank] : places(objects, each)) cases.push_back({objects[place], rank});
    }
  return cases;
}

DrawnPrompt parse_drawn_prompt(std::string_view text) {
  DrawnPrompt prompt;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(';', at), text.size());
    add_part(prompt, text.substr(at, end - at));
    at = end + 1;
  }
  return prompt;
}

}  // namespace sonde
