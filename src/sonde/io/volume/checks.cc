// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/volume/checks.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "sonde/core/text.h"

namespace sonde {
namespace {

constexpr double kMinSpacingMm = 1e-6, kMaxSpacingMm = 1e6;

double degrees(double radians) { return radians * 180 / std::numbers::pi; }

// The largest deviation from a right angle between two axes, in degrees.
double shear_degrees(const Affine3& affine) {
  double worst = 0;
  for (std::size_t a = 0; a < 3; ++a) {
    const Vec3 u = affine.columns[a];
    const Vec3 v = affine.columns[(a + 1) % 3];
    worst = std::max(worst, std::abs(std::asin(std::clamp(dot(u, v) / (length(u) * length(v)), -1.0, 1.0))));
  }
  return degrees(worst);
}

// The largest angle between an axis and the world axis nearest to it, in degrees.
double oblique_degrees(const Affine3& affine) {
  double worst = 0;
  for (const Vec3 column : affine.columns) {
    const double along = std::max({std::abs(column.x), std::abs(column.y), std::abs(column.z)});
    worst = std::max(worst, std::acos(std::clamp(along / length(column), 0.0, 1.0)));
  }
  return degrees(worst);
}

}  // namespace

std::string short_number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g", value);
  return text.data();
}

void refuse_corrupt(const std::string& name, const std::string& fault) {
  throw Error(ErrorKind::corrupt_data, name + ": " + fault);
}

void refuse_unsupported(const std::string& name, const std::string& fault) {
  throw Error(ErrorKind::unsupported, name + ": " + fault);
}

std::int64_t checked_count(const std::string& name, std::span<const std::int64_t> sizes) {
  std::int64_t count = 1;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    const std::int64_t size = sizes[axis];
    if (size < 1) {
      refuse_corrupt(name, "size " + std::to_string(size) + " along axis " + std::to_string(axis + 1) +
                               ", must be at least 1");
    }
    if (size > kMaxVoxels / count)
      refuse_corrupt(name,
                     "its sizes multiply to more than 2^40 samples, which no file of this length holds");
    count *= size;
  }
  return count;
}

void require_usable(const std::string& name, const std::string& what, const Affine3& affine) {
  if (!is_finite(affine)) refuse_corrupt(name, what + " holds a value that is not a finite number");
  const Vec3 spacing = spacing_mm(affine);
  const std::array<double, 3> along{spacing.x, spacing.y, spacing.z};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (along[axis] >= kMinSpacingMm && along[axis] <= kMaxSpacingMm) continue;
    refuse_corrupt(name, what + ": spacing is " + short_number(along[axis]) + " mm along " + "xyz"[axis] +
                             ", must be within 1e-6 and 1e6");
  }
  constexpr double kFlat = 1e-6;  // of the volume of a box with the same sides
  if (std::abs(determinant(affine)) < kFlat * along[0] * along[1] * along[2])
    refuse_corrupt(name, what + " is singular: its axes lie in one plane");
}

std::vector<std::string> notes_on(const Affine3& affine) {
  constexpr double kShearWorthNoting = 0.1, kObliqueWorthNoting = 5;  // degrees
  std::vector<std::string> notes;
  if (const double shear = shear_degrees(affine); shear > kShearWorthNoting) {
    notes.push_back("sheared: axes are up to " + short_number(shear) +
                    " degrees off perpendicular; pictures show voxels as if they were not");
  }
  if (const double angle = oblique_degrees(affine); angle > kObliqueWorthNoting) {
    notes.push_back("oblique: axes are up to " + short_number(angle) +
                    " degrees off the anatomical ones; slices follow the volume's own axes");
  }
  return notes;
}

UnorientedAffine affine_without_orientation(std::optional<Vec3> spacing) {
  const std::string unknown = "no orientation in the file: shown as stored, left and right are not known";
  if (!spacing) return {std::nullopt, unknown + ", nor is the spacing"};
  return {Affine3{{Vec3{spacing->x, 0, 0}, Vec3{0, spacing->y, 0}, Vec3{0, 0, spacing->z}}, {}}, unknown};
}

std::filesystem::path data_file_beside(const std::filesystem::path& header, std::string_view name) {
  const std::string fault = "its data file " + in_quotes(name);
  if (name.starts_with("./")) name.remove_prefix(2);
  const bool plain = !name.empty() && name != "." && name != ".." && name.front() != '|' &&
                     name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
  if (!plain) refuse_corrupt(header.string(), fault + " is not a plain name of a file in the same folder");
  const auto folder = header.has_parent_path() ? header.parent_path() : std::filesystem::path(".");
  auto file = folder / name;
  std::error_code failed;
  if (!std::filesystem::is_regular_file(file, failed))
    throw Error(ErrorKind::corrupt_data, header.string() + ": " + fault + " is not there");
  const auto real_folder = std::filesystem::canonical(folder, failed);
  const auto real_file = std::filesystem::canonical(file, failed);
  if (failed || real_file.parent_path() != real_folder)
    refuse_corrupt(header.string(), fault + " is a link out of its folder");
  return file;
}

std::string lower_extension(const std::filesystem::path& path) {
  const std::string name = lower_case(path.filename().string());
  for (const std::string_view packed : {".nii.gz", ".img.gz"}) {
    if (name.ends_with(packed)) return std::string(packed);
  }
  return std::filesystem::path(name).extension().string();
}

}  // namespace sonde
