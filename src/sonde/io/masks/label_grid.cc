// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/masks/label_grid.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <sstream>

#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

using Index3 = std::array<std::int64_t, 3>;

constexpr double kSamePlace = 0.01;  // voxels; affines come from 32-bit numbers and quaternions
constexpr double kMaxOff = 0.1;      // voxels; what rounding in other programs makes
constexpr double kFarthest = 1e9;    // voxels

Index3 sizes_of(Extent3 extent) { return {extent.x, extent.y, extent.z}; }
Index3 strides_of(Extent3 extent) { return {1, extent.x, extent.x * extent.y}; }
std::array<double, 3> numbers_of(Vec3 v) { return {v.x, v.y, v.z}; }

Vec3 voxel_at(const Affine3& mm_from_voxel, Vec3 mm) {
  const auto& [u, v, w] = mm_from_voxel.columns;
  const Vec3 from_origin{mm.x - mm_from_voxel.origin.x, mm.y - mm_from_voxel.origin.y,
                         mm.z - mm_from_voxel.origin.z};
  const double volume = determinant(mm_from_voxel);
  return {dot(from_origin, cross(v, w)) / volume, dot(from_origin, cross(w, u)) / volume,
          dot(from_origin, cross(u, v)) / volume};
}

// How a stored grid lies in the wanted one: which of its axes runs along each wanted axis, which way, and
// the wanted voxel where its lowest corner there is.
struct Placement {
  std::array<std::size_t, 3> axis{0, 1, 2};
  std::array<bool, 3> backward{false, false, false};
  Index3 first{0, 0, 0};
  double off_voxels = 0;  // how far a corner is from there along an axis, at most
};

// The voxel of the wanted grid at which each stored one lies.
class Positions {
 public:
  Positions(const Affine3& stored, const Affine3& wanted) : stored_(stored), wanted_(wanted) {}
  std::array<double, 3> at(const std::array<double, 3>& voxel) const {
    return numbers_of(voxel_at(wanted_, transform(stored_, {voxel[0], voxel[1], voxel[2]})));
  }

 private:
  Affine3 stored_, wanted_;
};

// Along each wanted axis the stored one that does most of the way.
std::optional<Placement> axes_of(const Positions& positions) {
  const auto origin = positions.at({0, 0, 0});
  std::array<std::array<double, 3>, 3> steps{};
  for (std::size_t s = 0; s < 3; ++s) {
    std::array<double, 3> one{};
    one[s] = 1;
    const auto there = positions.at(one);
    for (std::size_t a = 0; a < 3; ++a) steps[a][s] = there[a] - origin[a];
  }
  Placement placement;
  for (std::size_t a = 0; a < 3; ++a) {
    const auto longest = std::ranges::max_element(steps[a], {}, [](double step) { return std::abs(step); });
    placement.axis[a] = static_cast<std::size_t>(longest - steps[a].begin());
    placement.backward[a] = *longest < 0;
  }
  auto sorted = placement.axis;
  std::ranges::sort(sorted);
  if (sorted != Placement().axis) return std::nullopt;
  return placement;
}

// Where the stored grid lies; absent if its voxels are not among those of the wanted one, continued.
std::optional<Placement> placement_of(const ImageGeometry& stored, const ImageGeometry& wanted) {
  const Positions positions(*stored.mm_from_voxel, *wanted.mm_from_voxel);
  auto placement = axes_of(positions);
  if (!placement) return std::nullopt;
  const Index3 sizes = sizes_of(stored.extent);
  const auto last = [&](std::size_t s) { return static_cast<double>(sizes[s] - 1); };
  const auto centre = positions.at({last(0) / 2, last(1) / 2, last(2) / 2});
  for (std::size_t a = 0; a < 3; ++a) {
    const double first = std::round(centre[a] - last(placement->axis[a]) / 2);
    if (!(std::abs(first) < kFarthest)) return std::nullopt;
    placement->first[a] = static_cast<std::int64_t>(first);
  }
  for (unsigned corner = 0; corner < 8; ++corner) {
    std::array<double, 3> voxel{};
    for (std::size_t s = 0; s < 3; ++s) voxel[s] = (corner >> s & 1U) != 0 ? last(s) : 0;
    const auto there = positions.at(voxel);
    for (std::size_t a = 0; a < 3; ++a) {
      const std::size_t s = placement->axis[a];
      const double along = placement->backward[a] ? last(s) - voxel[s] : voxel[s];
      const double off = std::abs(there[a] - static_cast<double>(placement->first[a]) - along);
      if (!(off <= kMaxOff)) return std::nullopt;
      placement->off_voxels = std::max(placement->off_voxels, off);
    }
  }
  return placement;
}

// The voxels of the wanted grid that a stored one covers: from `first` on, `end` not included.
struct Covered {
  Index3 first{}, end{};
};
Covered covered_by(const Placement& placement, Extent3 stored, Extent3 wanted) {
  const Index3 stored_sizes = sizes_of(stored);
  const Index3 sizes = sizes_of(wanted);
  Covered covered;
  for (std::size_t a = 0; a < 3; ++a) {
    covered.first[a] = std::max<std::int64_t>(0, placement.first[a]);
    covered.end[a] = std::min(sizes[a], placement.first[a] + stored_sizes[placement.axis[a]]);
  }
  return covered;
}

bool is_whole(const Placement& placement, Extent3 stored, Extent3 wanted) {
  const Index3 stored_sizes = sizes_of(stored);
  const Index3 sizes = sizes_of(wanted);
  for (std::size_t a = 0; a < 3; ++a)
    if (placement.first[a] != 0 || stored_sizes[placement.axis[a]] != sizes[a]) return false;
  return true;
}

LabelMap placed(const LabelMap& stored, const Placement& placement, const ImageGeometry& wanted) {
  LabelMap map{wanted, std::vector<std::int32_t>(static_cast<std::size_t>(voxel_count(wanted.extent)))};
  const Extent3 extent = stored.geometry.extent;
  const Index3 sizes = sizes_of(extent);
  const Index3 strides = strides_of(extent);
  const Index3 target = strides_of(wanted.extent);
  const auto [first, end] = covered_by(placement, extent, wanted.extent);
  const auto stored_offset = [&](std::size_t a, std::int64_t at) {
    const std::size_t s = placement.axis[a];
    const std::int64_t step = at - placement.first[a];
    return (placement.backward[a] ? sizes[s] - 1 - step : step) * strides[s];
  };
  for (std::int64_t k = first[2]; k < end[2]; ++k) {
    for (std::int64_t j = first[1]; j < end[1]; ++j) {
      const std::int64_t row = stored_offset(2, k) + stored_offset(1, j);
      const std::int64_t target_row = k * target[2] + j * target[1];
      for (std::int64_t i = first[0]; i < end[0]; ++i)
        map.labels[static_cast<std::size_t>(target_row + i)] =
            stored.labels[static_cast<std::size_t>(row + stored_offset(0, i))];
    }
  }
  return map;
}

std::int64_t labelled(const LabelMap& map) {
  return std::ranges::count_if(map.labels, [](std::int32_t label) { return label != 0; });
}

// Of each layer, what lies within the grid; a note says how much does not.
void place_layers(LabelLayers& labels, const Placement& placement, const ImageGeometry& grid) {
  std::int64_t lost = 0;
  for (LabelMap& layer : labels.layers) {
    LabelMap map = placed(layer, placement, grid);
    lost += labelled(layer) - labelled(map);
    layer = std::move(map);
  }
  if (lost > 0)
    labels.notes.push_back(std::to_string(lost) +
                           (lost == 1 ? " labelled voxel lies" : " labelled voxels lie") +
                           " outside the image: left out");
}

// "0.0625", "-12.3457": enough digits to tell apart what is told apart here.
std::string number(double value) {
  std::ostringstream text;
  text << std::setprecision(6) << value;
  return text.str();
}
std::string numbers(Vec3 v, const char* between) {
  return number(v.x) + between + number(v.y) + between + number(v.z);
}

double apart(Vec3 a, Vec3 b) { return length({a.x - b.x, a.y - b.y, a.z - b.z}); }

}  // namespace

std::string describe(const ImageGeometry& grid) {
  const auto [x, y, z] = sizes_of(grid.extent);
  std::string text = std::to_string(x) + " x " + std::to_string(y);
  if (is_plain(grid)) return text + " pixels";
  text += " x " + std::to_string(z) + " voxels";
  if (!grid.mm_from_voxel) return text;
  const Affine3& affine = *grid.mm_from_voxel;
  return text + " of " + numbers(spacing_mm(affine), " x ") + " mm, " + orientation_code(grid) + ", from (" +
         numbers(affine.origin, ", ") + ") mm";
}

std::string mismatch(const ImageGeometry& labels, const std::string& image, const ImageGeometry& grid) {
  std::string text = describe(labels) + ", but " + image + " is " + describe(grid);
  if (labels.extent != grid.extent || !labels.mm_from_voxel || !grid.mm_from_voxel) return text;
  const Affine3& a = *labels.mm_from_voxel;
  const Affine3& b = *grid.mm_from_voxel;
  const auto [x, y, z] = sizes_of(grid.extent);
  const Vec3 last{static_cast<double>(x - 1), static_cast<double>(y - 1), static_cast<double>(z - 1)};
  return text + " (their first voxels are " + number(apart(a.origin, b.origin)) +
         " mm apart, their last ones " + number(apart(transform(a, last), transform(b, last))) + " mm)";
}

std::optional<LabelLayers> on_grid(LabelLayers labels, const ImageGeometry& grid) {
  const ImageGeometry stored = labels.layers.at(0).geometry;
  if (!stored.mm_from_voxel || !grid.mm_from_voxel) {
    if (stored.extent != grid.extent) return std::nullopt;
    return labels;
  }
  const auto placement = placement_of(stored, grid);
  if (!placement) return std::nullopt;
  const auto [first, end] = covered_by(*placement, stored.extent, grid.extent);
  const bool meet = first[0] < end[0] && first[1] < end[1] && first[2] < end[2];
  const bool whole = is_whole(*placement, stored.extent, grid.extent);
  if (!whole && (labels.covers == LabelLayers::Covers::image || !meet)) return std::nullopt;
  if (placement->off_voxels > kSamePlace)
    labels.notes.push_back("its grid is " + short_number(placement->off_voxels) +
                           " voxels off the image's, which is taken for rounding");
  const Placement as_it_is;
  if (!whole || placement->axis != as_it_is.axis || placement->backward != as_it_is.backward)
    place_layers(labels, *placement, grid);
  return labels;
}

std::vector<std::int32_t> slice_labels(const LabelMap& map, const SlicePlane& plane, std::int64_t slice) {
  const Index3 sizes = sizes_of(map.geometry.extent);
  const Index3 strides = strides_of(map.geometry.extent);
  const auto offset = [&](GridAxis axis, std::int64_t step) {
    const auto a = static_cast<std::size_t>(axis.axis);
    return (axis.sense == GridAxis::Sense::forward ? step : sizes[a] - 1 - step) * strides[a];
  };
  std::vector<std::int32_t> labels;
  labels.reserve(static_cast<std::size_t>(pixel_count(plane.extent)));
  for (std::int64_t y = 0; y < plane.extent.height; ++y) {
    const std::int64_t row = offset(plane.slice, slice) + offset(plane.row, y);
    for (std::int64_t x = 0; x < plane.extent.width; ++x)
      labels.push_back(map.labels[static_cast<std::size_t>(row + offset(plane.column, x))]);
  }
  return labels;
}

LabelAreas areas_of(const std::vector<std::int32_t>& labels) {
  LabelAreas areas;
  for (auto at = labels.begin(); at != labels.end();) {
    const auto end = std::find_if(at, labels.end(), [&](std::int32_t label) { return label != *at; });
    if (*at != 0) areas[*at] += end - at;
    at = end;
  }
  return areas;
}

LabelAreas areas_of(const LabelLayers& labels) {
  LabelAreas areas;
  for (const LabelMap& layer : labels.layers) areas.merge(areas_of(layer.labels));
  return areas;
}

}  // namespace sonde
