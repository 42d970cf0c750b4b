// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sonde {

// A mask of 2 or 3 dimensions, x fastest; a picture has extent[2] == 1. Cells are 0 or 1.
struct MaskGrid {
  int dimensions = 2;
  std::array<std::int64_t, 3> extent{};
  std::span<const std::uint8_t> cells;
  std::span<const std::uint8_t> row(std::int64_t y, std::int64_t z) const;
};

using Cell = std::array<std::int32_t, 3>;

struct CellBox {
  std::array<std::int64_t, 3> low{}, high{};  // high excluded
  std::int64_t size(std::size_t axis) const { return high[axis] - low[axis]; }
  bool contains(const CellBox& other) const;
};
CellBox united(const CellBox& a, const CellBox& b);
std::optional<CellBox> common(const CellBox& a, const CellBox& b);

std::optional<CellBox> bounding_box(const MaskGrid& mask);  // absent for an empty mask

// Cells of the mask with one of their 4 (6 in 3D) neighbours outside it, in the order of the grid; beyond the
// grid is outside. `box`: bounding_box(mask).
std::vector<Cell> surface_cells(const MaskGrid& mask, const CellBox& box);

}  // namespace sonde
