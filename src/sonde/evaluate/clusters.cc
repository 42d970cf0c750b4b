// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/clusters.h"

#include <algorithm>

#include "sonde/imaging/slice.h"

namespace sonde {

std::string_view cluster_name(std::string_view image) {
  const std::size_t mark = image.rfind('#');
  if (mark == std::string_view::npos) return image;
  for (const Axis axis : {Axis::axial, Axis::coronal, Axis::sagittal}) {
    std::string_view rest = image.substr(mark + 1);
    if (!rest.starts_with(to_string(axis))) continue;
    rest.remove_prefix(to_string(axis).size());
    const bool numbered = rest.size() > 1 && rest.front() == ':' &&
                          rest.find_first_not_of("0123456789", 1) == std::string_view::npos;
    if (numbered) return image.substr(0, mark);
  }
  return image;
}

std::vector<const ResultRow*> sorted_rows(std::span<const ResultRow> rows) {
  std::vector<const ResultRow*> sorted;
  sorted.reserve(rows.size());
  for (const ResultRow& row : rows) sorted.push_back(&row);
  const auto before = [](const ResultRow* a, const ResultRow* b) { return comes_before(*a, *b); };
  if (!std::is_sorted(sorted.begin(), sorted.end(), before))
    std::stable_sort(sorted.begin(), sorted.end(), before);
  return sorted;
}

ClusterNumbers::ClusterNumbers(std::span<const ResultRow* const> rows) {
  by_slice_ = std::all_of(rows.begin(), rows.end(), [&](const ResultRow* row) {
    return cluster_name(row->image) == cluster_name(rows.front()->image);
  });
  for (const ResultRow* row : rows) numbers_.emplace(name_of_cluster(*row), 0);
  std::int64_t next = 0;
  for (auto& [name, number] : numbers_) number = next++;
}

}  // namespace sonde
