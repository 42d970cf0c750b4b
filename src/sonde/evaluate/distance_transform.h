// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <vector>

#include "sonde/evaluate/surface.h"

namespace sonde {

// Squared Euclidean distance from every cell of `to` (x fastest) to the nearest of `sources`, exact but for
// rounding; the value of a cell does not depend on the rest of `to`. spacing: between neighbours along each
// axis. sources: at least one, in the order of the grid; `from` contains them all. Source: Felzenszwalb and
// Huttenlocher 2012, lower envelopes of parabolas, one axis after another.
std::vector<double> squared_distances(std::span<const Cell> sources, const CellBox& from, const CellBox& to,
                                      const std::array<double, 3>& spacing);

}  // namespace sonde
