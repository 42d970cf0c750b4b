// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/evaluate/distance_transform.h"
#include "sonde/evaluate/surface.h"

namespace sonde {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

MaskGrid grid_of(const Mask& mask) { return {2, {mask.extent.width, mask.extent.height, 1}, mask.pixels}; }
MaskGrid grid_of(const BinaryVolume& mask) {
  return {3, {mask.extent.x, mask.extent.y, mask.extent.z}, mask.voxels};
}

std::string size_text(const MaskGrid& grid) {
  const std::string text = std::to_string(grid.extent[0]) + " x " + std::to_string(grid.extent[1]);
  return grid.dimensions == 2 ? text : text + " x " + std::to_string(grid.extent[2]);
}

void check(const MaskGrid& grid) {
  const auto cells = grid.extent[0] * grid.extent[1] * grid.extent[2];
  if (cells == static_cast<std::int64_t>(grid.cells.size())) return;
  throw Error(ErrorKind::usage,
              "a mask of " + size_text(grid) + " has " + std::to_string(grid.cells.size()) + " cells");
}

std::span<const std::uint8_t> row_in(const MaskGrid& mask, const CellBox& box, std::int64_t y,
                                     std::int64_t z) {
  return mask.row(y, z).subspan(static_cast<std::size_t>(box.low[0]), static_cast<std::size_t>(box.size(0)));
}

std::int64_t count_both(const MaskGrid& a, const MaskGrid& b, const CellBox& box) {
  std::int64_t both = 0;
  for (std::int64_t z = box.low[2]; z < box.high[2]; ++z) {
    for (std::int64_t y = box.low[1]; y < box.high[1]; ++y) {
      const auto row_a = row_in(a, box, y, z);
      const auto row_b = row_in(b, box, y, z);
      std::uint32_t in_row = 0;
      for (std::size_t x = 0; x < row_a.size(); ++x)
        in_row += static_cast<std::uint32_t>(row_a[x] & row_b[x]);
      both += in_row;
    }
  }
  return both;
}

// What the scores need of one mask with pixels.
struct Outline {
  CellBox box;
  std::int64_t area = 0;
  std::vector<Cell> surface;
};

std::optional<Outline> outline_of(const MaskGrid& mask) {
  const auto box = bounding_box(mask);
  if (!box) return std::nullopt;
  return Outline{*box, count_both(mask, mask, *box), surface_cells(mask, *box)};
}

// Squared distances to one surface, for the cells of a box.
struct DistanceMap {
  CellBox box;
  std::vector<double> squared;
};

void append_distances(std::vector<double>& distances, std::span<const Cell> cells, const DistanceMap& map) {
  for (const Cell& cell : cells) {
    const auto index =
        ((cell[2] - map.box.low[2]) * map.box.size(1) + cell[1] - map.box.low[1]) * map.box.size(0) +
        cell[0] - map.box.low[0];
    distances.push_back(std::sqrt(map.squared[static_cast<std::size_t>(index)]));
  }
}

// As numpy.percentile(values, 95): linear between the order statistics.
double percentile_95(std::vector<double> values) {
  const double position = 0.95 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const double share = position - static_cast<double>(below);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), at, values.end());
  if (at + 1 == values.end()) return *at;
  const double above = *std::min_element(at + 1, values.end());
  return *at + (above - *at) * share;
}

}  // namespace

std::string_view to_string(MetricKind kind) {
  switch (kind) {
    case MetricKind::overlap:
      return "overlap";
    case MetricKind::distance:
      return "distance";
    case MetricKind::relative:
      return "relative";
  }
  throw Error(ErrorKind::internal, "no such kind of metric");
}

std::string_view to_string(DistanceUnit unit) { return unit == DistanceUnit::px ? "px" : "mm"; }

struct Scorer::Impl {
  std::vector<std::uint8_t> cells;
  MaskGrid truth;
  std::array<double, 3> spacing{};
  double tolerance = 0;
  std::optional<Outline> outline;
  // Distances to the truth's surface where a prediction asked for them so far. Its values do not depend on
  // who asked first.
  std::mutex lock;
  std::shared_ptr<const DistanceMap> to_truth;

  Impl(MaskGrid grid, std::vector<std::uint8_t> own_cells, std::array<double, 3> steps, double within)
      : cells(std::move(own_cells)), truth(grid), spacing(steps), tolerance(within) {
    truth.cells = cells;
    check(truth);
    for (const double step : spacing) {
      if (!(step > 0 && std::isfinite(step))) {
        throw Error(ErrorKind::usage, "a spacing of " + std::to_string(step) + ", not above 0");
      }
    }
    if (!(tolerance >= 0)) {
      throw Error(ErrorKind::usage, "a tolerance of " + std::to_string(tolerance) + ", not 0 or above");
    }
    outline = outline_of(truth);
  }

  std::shared_ptr<const DistanceMap> distances_to_truth(const CellBox& box) {
    const std::lock_guard guard(lock);
    if (!to_truth || !to_truth->box.contains(box)) {
      const CellBox wanted = to_truth ? united(to_truth->box, box) : box;
      to_truth = std::make_shared<DistanceMap>(
          DistanceMap{wanted, squared_distances(outline->surface, outline->box, wanted, spacing)});
    }
    return to_truth;
  }

  Scores score(const MaskGrid& prediction) {
    check(prediction);
    if (prediction.dimensions != truth.dimensions || prediction.extent != truth.extent) {
      throw Error(ErrorKind::usage,
                  "the prediction has " + size_text(prediction) + " cells, the truth " + size_text(truth));
    }
    const auto predicted = outline_of(prediction);
    if (!predicted && !outline) return {.iou = 1, .dice = 1, .surface_dice = 1};
    if (!predicted || !outline)
      return {.hd95 = kInfinity, .asd = kInfinity, .relative_volume_error = outline ? -1 : kInfinity};
    const auto shared_box = common(predicted->box, outline->box);
    const auto both = static_cast<double>(shared_box ? count_both(prediction, truth, *shared_box) : 0);
    const auto sum = static_cast<double>(predicted->area + outline->area);
    Scores scores = surface_scores(*predicted);
    scores.iou = both / (sum - both);
    scores.dice = 2 * both / sum;
    const auto truth_area = static_cast<double>(outline->area);
    scores.relative_volume_error = (static_cast<double>(predicted->area) - truth_area) / truth_area;
    return scores;
  }

  Scores surface_scores(const Outline& predicted) {
    const DistanceMap to_predicted{
        outline->box, squared_distances(predicted.surface, predicted.box, outline->box, spacing)};
    std::vector<double> distances;
    distances.reserve(predicted.surface.size() + outline->surface.size());
    append_distances(distances, predicted.surface, *distances_to_truth(predicted.box));
    append_distances(distances, outline->surface, to_predicted);
    const auto count = static_cast<double>(distances.size());
    // 3 steps of 0.7 mm are 2.0999999999999996 mm and within 2.1 mm all the same.
    const double within = tolerance * (1 + 1e-9);
    Scores scores;
    scores.asd = std::accumulate(distances.begin(), distances.end(), 0.0) / count;
    scores.surface_dice =
        static_cast<double>(std::count_if(distances.begin(), distances.end(),
                                          [&](double distance) { return distance <= within; })) /
        count;
    scores.hd95 = percentile_95(std::move(distances));
    return scores;
  }
};

Scorer::Scorer(Mask truth, std::array<double, 2> spacing, double tolerance) {
  const MaskGrid grid = grid_of(truth);
  impl_ = std::make_unique<Impl>(grid, std::move(truth.pixels), std::array{spacing[0], spacing[1], 1.0},
                                 tolerance);
}
Scorer::Scorer(BinaryVolume truth, std::array<double, 3> spacing, double tolerance) {
  const MaskGrid grid = grid_of(truth);
  impl_ = std::make_unique<Impl>(grid, std::move(truth.voxels), spacing, tolerance);
}
Scorer::~Scorer() = default;
Scorer::Scorer(Scorer&&) noexcept = default;

Scores Scorer::score(const Mask& prediction) const { return impl_->score(grid_of(prediction)); }
Scores Scorer::score(const BinaryVolume& prediction) const { return impl_->score(grid_of(prediction)); }

}  // namespace sonde
