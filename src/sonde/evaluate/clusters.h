// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "sonde/evaluate/results.h"

namespace sonde {

// The image an object lies in, for statistics: "scan.nii.gz" for "scan.nii.gz#axial:12".
std::string_view cluster_name(std::string_view image);

// Rows in the order of comes_before.
std::vector<const ResultRow*> sorted_rows(std::span<const ResultRow> rows);

// Numbers the images of one data set, in the order of their names.
class ClusterNumbers {
 public:
  explicit ClusterNumbers(std::span<const ResultRow* const> rows);
  std::int64_t of(const ResultRow& row) const { return numbers_.at(cluster_name(row.image)); }

 private:
  std::map<std::string_view, std::int64_t> numbers_;
};

}  // namespace sonde
