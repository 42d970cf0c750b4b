// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

#include "sonde/imaging/run_length_mask.h"

namespace sonde {
namespace {

// The voxels of a run that lie in one row of the grid; row = k * y + j.
struct Segment {
  std::int64_t row = 0, i0 = 0, i1 = 0;  // i1 included
};

std::vector<Segment> segments_of(const RunLengthMask& set) {
  const std::int64_t x = set.extent.x;
  std::vector<Segment> segments;
  segments.reserve(set.runs.size());
  for (const VoxelRun& run : set.runs) {
    auto first = static_cast<std::int64_t>(run.first);
    const auto end = static_cast<std::int64_t>(run.first + run.count);
    while (first < end) {
      const std::int64_t row = first / x;
      const std::int64_t stop = std::min(end, (row + 1) * x);
      segments.push_back({row, first - row * x, stop - 1 - row * x});
      first = stop;
    }
  }
  return segments;
}

// Sets of segments that are connected; the root of each is its first segment.
class Links {
 public:
  explicit Links(std::size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), 0U); }
  std::size_t root(std::size_t at) {
    while (parent_[at] != at) at = parent_[at] = parent_[parent_[at]];
    return at;
  }
  void join(std::size_t a, std::size_t b) {
    a = root(a);
    b = root(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parent_;
};

// Joins each segment with those of the row that lies (dj, dk) from its own and that it touches, corners
// included. Both walk forward through the same list.
void join_rows(Links& links, const std::vector<Segment>& segments, std::int64_t y, std::int64_t dj,
               std::int64_t dk) {
  std::size_t other = 0;
  for (std::size_t at = 0; at < segments.size(); ++at) {
    const Segment& segment = segments[at];
    const std::int64_t j = segment.row % y + dj;
    if (j < 0 || j >= y) continue;
    const std::int64_t row = segment.row + dj + dk * y;
    while (segments[other].row < row || (segments[other].row == row && segments[other].i1 < segment.i0 - 1))
      ++other;  // stops at `at` at the latest: its row is behind
    for (std::size_t near = other; segments[near].row == row && segments[near].i0 <= segment.i1 + 1; ++near)
      links.join(at, near);
  }
}

}  // namespace

std::vector<RunLengthMask> connected_parts(const RunLengthMask& set) {
  const std::vector<Segment> segments = segments_of(set);
  Links links(segments.size());
  constexpr std::array<std::array<std::int64_t, 2>, 4> kRowsBefore{{{-1, 0}, {-1, -1}, {0, -1}, {1, -1}}};
  for (const auto& [dj, dk] : kRowsBefore) join_rows(links, segments, set.extent.y, dj, dk);
  struct Part {
    RunLengthMask voxels;
    std::int64_t size = 0;
  };
  std::vector<Part> parts;  // in the order of their first voxels
  std::map<std::size_t, std::size_t> part_of_root;
  for (std::size_t at = 0; at < segments.size(); ++at) {
    const auto [entry, is_new] = part_of_root.try_emplace(links.root(at), parts.size());
    if (is_new) parts.push_back({{set.extent, {}}, 0});
    Part& part = parts[entry->second];
    const VoxelRun run{static_cast<std::uint64_t>(segments[at].row * set.extent.x + segments[at].i0),
                       static_cast<std::uint64_t>(segments[at].i1 - segments[at].i0 + 1)};
    std::vector<VoxelRun>& runs = part.voxels.runs;
    if (!runs.empty() && runs.back().first + runs.back().count == run.first) {
      runs.back().count += run.count;
    } else {
      runs.push_back(run);
    }
    part.size += static_cast<std::int64_t>(run.count);
  }
  std::ranges::stable_sort(parts, std::greater{}, &Part::size);
  std::vector<RunLengthMask> sets;
  sets.reserve(parts.size());
  for (Part& part : parts) sets.push_back(std::move(part.voxels));
  return sets;
}

}  // namespace sonde
