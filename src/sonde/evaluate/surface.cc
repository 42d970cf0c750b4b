// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/surface.h"

#include <algorithm>
#include <string_view>

namespace sonde {
namespace {

using Row = std::span<const std::uint8_t>;

// A row as text: its searches run many bytes at a time.
std::string_view as_text(Row row) { return {reinterpret_cast<const char*>(row.data()), row.size()}; }

constexpr char kSet = 1;

Row part_of_row(const MaskGrid& mask, const CellBox& box, std::int64_t y, std::int64_t z) {
  if (y < 0 || y >= mask.extent[1] || z < 0 || z >= mask.extent[2]) return {};
  return mask.row(y, z).subspan(static_cast<std::size_t>(box.low[0]), static_cast<std::size_t>(box.size(0)));
}

// cells &= neighbours, where there are any.
void keep_where_set(std::span<std::uint8_t> cells, Row neighbours) {
  if (neighbours.empty()) {
    std::fill(cells.begin(), cells.end(), std::uint8_t{0});
    return;
  }
  std::transform(cells.begin(), cells.end(), neighbours.begin(), cells.begin(),
                 [](std::uint8_t a, std::uint8_t b) { return static_cast<std::uint8_t>(a & b); });
}

// Writes the cells of a row whose neighbours are all in the mask. The row is cut to the mask's box, so that
// its ends have a neighbour outside.
void mark_inner(const MaskGrid& mask, const CellBox& box, std::array<std::int64_t, 2> yz,
                std::span<std::uint8_t> inner) {
  const auto [y, z] = yz;
  const Row row = part_of_row(mask, box, y, z);
  inner.front() = inner.back() = 0;
  for (std::size_t x = 1; x + 1 < row.size(); ++x) {
    inner[x] = static_cast<std::uint8_t>(row[x - 1] & row[x] & row[x + 1]);
  }
  keep_where_set(inner, part_of_row(mask, box, y - 1, z));
  keep_where_set(inner, part_of_row(mask, box, y + 1, z));
  if (mask.dimensions < 3) return;
  keep_where_set(inner, part_of_row(mask, box, y, z - 1));
  keep_where_set(inner, part_of_row(mask, box, y, z + 1));
}

}  // namespace

Row MaskGrid::row(std::int64_t y, std::int64_t z) const {
  return cells.subspan(static_cast<std::size_t>((z * extent[1] + y) * extent[0]),
                       static_cast<std::size_t>(extent[0]));
}

bool CellBox::contains(const CellBox& other) const {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (other.low[axis] < low[axis] || other.high[axis] > high[axis]) return false;
  }
  return true;
}

CellBox united(const CellBox& a, const CellBox& b) {
  CellBox box;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    box.low[axis] = std::min(a.low[axis], b.low[axis]);
    box.high[axis] = std::max(a.high[axis], b.high[axis]);
  }
  return box;
}

std::optional<CellBox> common(const CellBox& a, const CellBox& b) {
  CellBox box;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    box.low[axis] = std::max(a.low[axis], b.low[axis]);
    box.high[axis] = std::min(a.high[axis], b.high[axis]);
    if (box.size(axis) <= 0) return std::nullopt;
  }
  return box;
}

std::optional<CellBox> bounding_box(const MaskGrid& mask) {
  CellBox box{mask.extent, {0, 0, 0}};
  for (std::int64_t z = 0; z < mask.extent[2]; ++z) {
    for (std::int64_t y = 0; y < mask.extent[1]; ++y) {
      const std::string_view row = as_text(mask.row(y, z));
      const std::size_t first = row.find(kSet);
      if (first == std::string_view::npos) continue;
      const auto seen = static_cast<std::size_t>(box.high[0]);  // only what lies beyond is news
      const std::size_t last = row.substr(seen).rfind(kSet);
      if (last != std::string_view::npos) box.high[0] = static_cast<std::int64_t>(seen + last + 1);
      box.low = {std::min(box.low[0], static_cast<std::int64_t>(first)), std::min(box.low[1], y),
                 std::min(box.low[2], z)};
      box.high = {box.high[0], std::max(box.high[1], y + 1), z + 1};
    }
  }
  if (box.high[0] == 0) return std::nullopt;
  return box;
}

std::vector<Cell> surface_cells(const MaskGrid& mask, const CellBox& box) {
  std::vector<Cell> cells;
  std::vector<std::uint8_t> surface(static_cast<std::size_t>(box.size(0)));
  for (std::int64_t z = box.low[2]; z < box.high[2]; ++z) {
    for (std::int64_t y = box.low[1]; y < box.high[1]; ++y) {
      mark_inner(mask, box, {y, z}, surface);
      const Row row = part_of_row(mask, box, y, z);
      for (std::size_t x = 0; x < row.size(); ++x) {
        surface[x] = static_cast<std::uint8_t>(row[x] & (surface[x] ^ 1));
      }
      const std::string_view text = as_text(surface);
      for (std::size_t x = text.find(kSet); x != std::string_view::npos; x = text.find(kSet, x + 1)) {
        cells.push_back({static_cast<std::int32_t>(box.low[0] + static_cast<std::int64_t>(x)),
                         static_cast<std::int32_t>(y), static_cast<std::int32_t>(z)});
      }
    }
  }
  return cells;
}

}  // namespace sonde
