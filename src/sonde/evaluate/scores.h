// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <limits>
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
//   relative_volume_error  (|P| - |T|) / |T|: above 0 where too much is predicted; of a picture, of the area
// Surface: mask pixels with a 4-neighbour (6 in 3D) outside the mask; beyond the picture's edge is outside.
// Both empty: overlaps 1, distances and relative_volume_error 0. One empty: overlaps 0, distances infinite,
// relative_volume_error infinite for an empty truth and -1 for an empty prediction.
// Source: MedPy's hd95 for the pooled distances (its assd is the mean of the two directions' means instead);
// Nikolov et al. 2018 for the surface Dice; Heimann et al. 2009 for the relative volume difference, there in
// percent.
struct Scores {
  double iou = 0, dice = 0, hd95 = 0, asd = 0, surface_dice = 0, relative_volume_error = 0;
};

enum class MetricKind {
  overlap,   // averaged over all objects
  distance,  // averaged where it is finite; the infinite ones are counted beside
  relative   // likewise; signed
};
std::string_view to_string(MetricKind kind);

// What results.csv, the journal, the summary and the report know of a metric. A new one goes to the end:
// files of earlier versions lack it, and its column stands behind all others.
struct Metric {
  std::string_view name;  // of its column and in JSON
  double Scores::*value;
  MetricKind kind;
  double lowest, highest;                    // that it can be
  enum class Scale { free, spacing } scale;  // whether it depends on the size of pixels
  std::string_view title;                    // in the report
  int decimals;                              // in the report's tables
};
inline constexpr double kNoLimit = std::numeric_limits<double>::infinity();
inline constexpr std::array kMetrics{
    Metric{"iou", &Scores::iou, MetricKind::overlap, 0, 1, Metric::Scale::free, "IoU", 3},
    Metric{"dice", &Scores::dice, MetricKind::overlap, 0, 1, Metric::Scale::free, "Dice", 3},
    Metric{"hd95", &Scores::hd95, MetricKind::distance, 0, kNoLimit, Metric::Scale::spacing, "HD95", 1},
    Metric{"asd", &Scores::asd, MetricKind::distance, 0, kNoLimit, Metric::Scale::spacing,
           "Average surface distance", 2},
    Metric{"surface_dice", &Scores::surface_dice, MetricKind::overlap, 0, 1, Metric::Scale::spacing,
           "Surface Dice", 3},
    Metric{"relative_volume_error", &Scores::relative_volume_error, MetricKind::relative, -1, kNoLimit,
           Metric::Scale::free, "Relative volume error", 2}};
static_assert(kMetrics.size() * sizeof(double) == sizeof(Scores), "each score is a metric");
inline constexpr std::size_t kFirstMetrics = 5;  // that files of every version have
inline constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();  // of a later one

// What each metric has one of, in the order of kMetrics.
template <typename T>
class PerMetric {
 public:
  T& operator[](double Scores::*metric) { return values_[place_of(metric)]; }
  const T& operator[](double Scores::*metric) const { return values_[place_of(metric)]; }

 private:
  static std::size_t place_of(double Scores::*metric) {
    return static_cast<std::size_t>(std::ranges::find(kMetrics, metric, &Metric::value) - kMetrics.begin());
  }
  std::array<T, kMetrics.size()> values_{};
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
