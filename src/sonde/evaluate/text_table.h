// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/evaluate/results.h"

namespace sonde {

// Lines of cells in columns as wide as their widest cell: the first columns to the left, the others to the
// right.
class TextTable {
 public:
  explicit TextTable(std::size_t left_columns = 1) : left_columns_(left_columns) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Each line starts with `indent` blanks and ends with \n, without blanks before it.
  std::string text(std::size_t indent) const;

 private:
  std::size_t left_columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "0.812", "-" for what is not finite.
std::string fixed(double value, int decimals);

// "1 point", "box per region", "3 clicks"
std::string protocol_title(std::string_view protocol, int step);

}  // namespace sonde
