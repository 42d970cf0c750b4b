// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/report_index.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace sonde {

ReportIndex::ReportIndex(const ReportInput& input) {
  for (const Expected& expected : input.summary.expected) {
    add_data_set(expected.dataset);
    DataSet& set = data_sets_[numbers_.at(expected.dataset)];
    set.pictures = expected.pictures;
    set.labels_below_area = expected.labels_below_area;
    set.labels_absent = expected.labels_absent;
    for (const Expected::Label& label : expected.labels) {
      const std::int64_t at = add_label(expected.dataset, label.label, label.name);
      set.labels[static_cast<std::size_t>(at)] = label;
    }
  }
  std::set<std::pair<std::string, int>> columns;
  std::set<Choice> choices;
  for (const ScoreSummary& line : input.summary.scores) {
    add_data_set(line.dataset);
    if (line.label) add_label(line.dataset, *line.label, line.label_name);
    columns.insert({line.protocol == "clicks" ? "~clicks" : line.protocol, line.step});  // after the modes
    choices.insert(line.choice);
  }
  for (const ClickSummary& line : input.summary.clicks) {
    add_data_set(line.dataset);
    if (line.label) add_label(line.dataset, *line.label, line.label_name);
    choices.insert(line.choice);
  }
  for (const ResultRow& row : input.rows)
    if (data_sets_.empty() || row.dataset != data_sets_.back().name) add_data_set(row.dataset);
  for (const StudyFailure& failure : input.failures) {
    add_data_set(failure.dataset);
    ++data_sets_[numbers_.at(failure.dataset)].failures;
  }
  for (const auto& [protocol, step] : columns)
    columns_.push_back({protocol == "~clicks" ? "clicks" : protocol, step});
  choices_.assign(choices.begin(), choices.end());
}

void ReportIndex::add_data_set(const std::string& name) {
  if (numbers_.try_emplace(name, data_sets_.size()).second) {
    data_sets_.emplace_back();
    data_sets_.back().name = name;
  }
}

std::int64_t ReportIndex::add_label(const std::string& data_set, std::int64_t label,
                                    const std::string& name) {
  const std::size_t number = numbers_.at(data_set);
  auto& labels = data_sets_[number].labels;
  const auto [found, is_new] =
      labels_.try_emplace({number, {label, name}}, static_cast<std::int64_t>(labels.size()));
  if (is_new) labels.push_back({label, name, 0, 0});
  return found->second;
}

std::int64_t ReportIndex::label(const ScoreSummary& line) const {
  return line.label ? labels_.at({data_set(line.dataset), {*line.label, line.label_name}}) : -1;
}

std::int64_t ReportIndex::label(const ClickSummary& line) const {
  return line.label ? labels_.at({data_set(line.dataset), {*line.label, line.label_name}}) : -1;
}

std::size_t ReportIndex::column(const std::string& protocol, int step) const {
  return static_cast<std::size_t>(std::ranges::find(columns_, Column{protocol, step}) - columns_.begin());
}

std::size_t ReportIndex::choice(Choice choice) const {
  return static_cast<std::size_t>(std::ranges::find(choices_, choice) - choices_.begin());
}

bool ReportIndex::is_final(std::size_t column) const {
  return column < columns_.size() &&
         (column + 1 == columns_.size() || columns_[column + 1].protocol != columns_[column].protocol);
}

std::optional<std::size_t> ReportIndex::find_column(std::string_view protocol) const {
  for (std::size_t i = columns_.size(); i-- > 0;)
    if (columns_[i].protocol == protocol) return i;
  return std::nullopt;
}

}  // namespace sonde
