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

struct NameOrder {
  bool operator()(std::string_view a, std::string_view b) const { return name_before(a, b); }
};

// What rows of one data set are summarised and compared by: all of these columns alike.
struct GroupKey {
  explicit GroupKey(const ResultRow& row)
      : level(row.level), protocol(row.protocol), choice(row.choice), step(row.step) {}
  Level level;
  std::string_view protocol;
  Choice choice;
  int step;
  // clang-tidy 14 takes the comparison that the compiler writes for a 0.
  auto operator<=>(const GroupKey&) const = default;  // NOLINT(modernize-use-nullptr)
};

// Rows in the order of comes_before.
std::vector<const ResultRow*> sorted_rows(std::span<const ResultRow> rows);

// Numbers what the bootstrap draws from one data set, in the order of names: files, since the slices of a
// volume are alike; the slices where there is a single volume (an interval then speaks of that volume alone).
class ClusterNumbers {
 public:
  explicit ClusterNumbers(std::span<const ResultRow* const> rows);
  std::int64_t of(const ResultRow& row) const { return numbers_.at(name_of_cluster(row)); }

 private:
  std::string_view name_of_cluster(const ResultRow& row) const {
    return by_slice_ ? std::string_view(row.image) : cluster_name(row.image);
  }

  bool by_slice_ = false;
  std::map<std::string_view, std::int64_t> numbers_;
};

}  // namespace sonde
