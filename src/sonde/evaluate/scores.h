// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "sonde/imaging/picture.h"
#include "sonde/imaging/volume.h"

namespace sonde {

enum class DistanceUnit { px, mm };
std::string_view to_string(DistanceUnit unit);

// How a predicted mask P agrees with a true one T.
//   iou   |P and T| / |P or T|; dice 2 |P and T| / (|P| + |T|)
//   hd95  95th percentile (linear between order statistics, as numpy's default) and asd mean of the distances
//         of both directions, pooled: from each surface pixel of one mask to the nearest of the other
//   surface_dice  share of all surface pixels of both masks within `tolerance` of the other's surface
// Surface: mask pixels with a 4-neighbour (6 in 3D) outside the mask; beyond the picture's edge is outside.
// Both empty: overlaps 1, distances 0. One empty: overlaps 0, distances infinite.
// Source: MedPy's hd95 for the pooled distances (its assd is the mean of the two directions' means instead);
// Nikolov et al. 2018 for the surface Dice.
struct Scores {
  double iou = 0, dice = 0, hd95 = 0, asd = 0, surface_dice = 0;
};

// Scores predictions of one object; what depends on the truth alone is computed once.
// spacing: between neighbours along x, y (and z), in the unit wanted; tolerance in the same.
class Scorer {
 public:
  Scorer(Mask truth, std::array<double, 2> spacing, double tolerance);
  Scorer(BinaryVolume truth, std::array<double, 3> spacing, double tolerance);
  ~Scorer();
  Scorer(Scorer&&) noexcept;
  // Throws Error{usage} if the extents differ.
  Scores score(const Mask& prediction) const;
  Scores score(const BinaryVolume& prediction) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde
