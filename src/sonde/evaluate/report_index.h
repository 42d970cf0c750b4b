// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/evaluate/report.h"
#include "sonde/evaluate/report_page.h"

namespace sonde {

// Numbers for what the page names often: data sets, labels, choices and columns (a protocol at a step).
class ReportIndex {
 public:
  struct Column {
    std::string protocol;
    int step = 1;
    bool operator==(const Column&) const = default;
  };
  struct DataSet {
    std::string name;
    std::vector<Expected::Label> labels;
    std::int64_t pictures = 0, labels_below_area = 0, labels_absent = 0, failures = 0;
  };
  explicit ReportIndex(const ReportInput& input);

  const std::vector<DataSet>& data_sets() const { return data_sets_; }
  const std::vector<Column>& columns() const { return columns_; }  // modes, then clicks by step
  const std::vector<Choice>& choices() const { return choices_; }  // that the study made

  std::size_t data_set(const std::string& name) const { return numbers_.at(name); }
  // -1: all labels together.
  std::int64_t label(const ScoreSummary& line) const;
  std::int64_t label(const ClickSummary& line) const;
  std::size_t column(const std::string& protocol, int step) const;
  std::size_t choice(Choice choice) const;
  // Modes and the last click: what one object is summed up by.
  bool is_final(std::size_t column) const;
  std::optional<std::size_t> find_column(std::string_view protocol) const;  // its last step

 private:
  void add_data_set(const std::string& name);
  std::int64_t add_label(const std::string& data_set, std::int64_t label, const std::string& name);

  std::vector<DataSet> data_sets_;
  std::map<std::string, std::size_t> numbers_;
  std::map<std::pair<std::size_t, std::pair<std::int64_t, std::string>>, std::int64_t> labels_;
  std::vector<Column> columns_;
  std::vector<Choice> choices_;
};

}  // namespace sonde
