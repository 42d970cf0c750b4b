// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "sonde/core/text.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/nrrd_header.h"

namespace sonde {
namespace {

// "(1,0,0) none (0, 1, 0)": a vector an axis, absent for "none". Empty if the text is anything else.
using OptionalVector = std::optional<std::vector<double>>;
std::vector<OptionalVector> vectors_of(std::string_view text) {
  std::vector<OptionalVector> vectors;
  while (!(text = trimmed(text)).empty()) {
    if (text.starts_with("none")) {
      vectors.emplace_back(std::nullopt);
      text.remove_prefix(4);
      continue;
    }
    const std::size_t end = text.find(')');
    if (text.front() != '(' || end == std::string_view::npos) return {};
    std::string inside(text.substr(1, end - 1));
    std::ranges::replace(inside, ',', ' ');
    std::vector<double> components;
    for (const std::string_view word : words(inside)) {
      const auto value = number_of(word);
      if (!value) return {};
      components.push_back(*value);
    }
    vectors.emplace_back(std::move(components));
    text.remove_prefix(end + 1);
  }
  return vectors;
}

// Signs that take a named space to LPS+, and how many dimensions it has: the fourth is time. NRRD's own
// spaces without anatomy are taken as LPS+, as ITK does.
struct Space {
  Vec3 sign{1, 1, 1};
  std::size_t dimension = 3;
  std::string note;
};

constexpr const char* kNotAnatomical = "its space is not an anatomical one: taken as left-posterior-superior";

Space space_of(const HeaderFields& fields) {
  static const std::map<std::string, Vec3, std::less<>> kNamed{
      {"right-anterior-superior", {-1, -1, 1}}, {"ras", {-1, -1, 1}},
      {"left-anterior-superior", {1, -1, 1}},   {"las", {1, -1, 1}},
      {"left-posterior-superior", {1, 1, 1}},   {"lps", {1, 1, 1}}};
  static const std::set<std::string, std::less<>> kOthers{"scanner-xyz", "3d-right-handed", "3d-left-handed"};
  const std::string name = lower_case(fields.find("space").value_or(""));
  if (name.empty()) {
    const std::int64_t dimension = fields.integer("space dimension");
    if (dimension < 2 || dimension > 4) fields.refuse("space dimension", "sonde reads 2, 3 and 4");
    return {.dimension = static_cast<std::size_t>(dimension), .note = kNotAnatomical};
  }
  const bool timed = name.ends_with("-time") || (name.size() == 4 && name.ends_with('t'));
  const std::string space = timed ? name.substr(0, name.size() - (name.size() == 4 ? 1 : 5)) : name;
  const std::size_t dimension = timed ? 4 : 3;
  if (const auto found = kNamed.find(space); found != kNamed.end())
    return {.sign = found->second, .dimension = dimension, .note = ""};
  if (!kOthers.contains(space)) fields.refuse("space", "must be a space that NRRD names");
  return {.dimension = dimension, .note = kNotAnatomical};
}

// A vector of the space in LPS+ mm; a plane lies in the axial one.
Vec3 in_lps(const HeaderFields& fields, std::string_view field, const OptionalVector& vector,
            const Space& space) {
  const bool fits = vector && vector->size() == space.dimension;
  if (!fits || !std::ranges::all_of(*vector, [](double v) { return std::isfinite(v); }))
    fields.refuse(field, "must hold vectors of " + std::to_string(space.dimension) + " finite numbers");
  const auto& v = *vector;
  return {v[0] * space.sign.x, v[1] * space.sign.y, v.size() >= 3 ? v[2] * space.sign.z : 0.0};
}

// Axes of space do not run through time, nor that of time through space.
void require_time_apart(const HeaderFields& fields, const std::vector<OptionalVector>& vectors,
                        const std::vector<std::size_t>& spatial) {
  for (std::size_t axis = 0; axis < vectors.size(); ++axis) {
    const auto& vector = vectors[axis];
    if (!vector || vector->size() != 4) continue;
    const bool in_space = std::ranges::find(spatial, axis) != spatial.end();
    const bool apart = in_space
                           ? (*vector)[3] == 0
                           : std::all_of(vector->begin(), vector->end() - 1, [](double v) { return v == 0; });
    if (!apart)
      refuse_unsupported(fields.file(), "its space directions mix space and time, which is not read");
  }
}

// Millimetres in the unit of the first axis; unknown ones are millimetres.
double mm_per_unit(const HeaderFields& fields) {
  static const std::map<std::string, double, std::less<>> kUnits{
      {"\"m\"", 1000}, {"\"cm\"", 10}, {"\"um\"", 0.001}, {"\"\xc2\xb5m\"", 0.001}};
  const auto units = words(fields.find("space units").value_or(""));
  if (units.empty()) return 1;
  const auto found = kUnits.find(units.front());
  return found == kUnits.end() ? 1 : found->second;
}

// Adding 0 takes the sign off zeros, which turning axes round leaves.
Vec3 times(Vec3 v, double factor) { return {v.x * factor + 0.0, v.y * factor + 0.0, v.z * factor + 0.0}; }

Vec3 unit_normal(Vec3 u, Vec3 v) {
  const Vec3 normal = cross(u, v);
  const double norm = length(normal);
  return norm > 0 ? times(normal, 1 / norm) : Vec3{};
}

// Without directions: `spacings` alone, where every spatial axis has one.
std::optional<Vec3> spacings_of(const HeaderFields& fields, std::size_t axis_count,
                                const std::vector<std::size_t>& spatial) {
  const auto given = words(fields.find("spacings").value_or(""));
  if (given.empty()) return std::nullopt;
  if (given.size() != axis_count)
    fields.refuse("spacings", "must be " + std::to_string(axis_count) + " numbers");
  std::array<double, 3> spacing{1, 1, 1};
  for (std::size_t i = 0; i < spatial.size(); ++i) {
    const auto value = number_of(given[spatial[i]]);
    if (!value) fields.refuse("spacings", "must be " + std::to_string(axis_count) + " numbers");
    if (std::isnan(*value)) return std::nullopt;  // the standard's "not known"
    if (!(*value > 0)) fields.refuse("spacings", "must be above 0");
    spacing[i] = *value;
  }
  return Vec3{spacing[0], spacing[1], spacing[2]};
}

}  // namespace

std::optional<std::vector<bool>> nrrd_axes_with_direction(const HeaderFields& fields,
                                                          std::size_t axis_count) {
  const auto text = fields.find("space directions");
  if (!text) return std::nullopt;
  const auto vectors = vectors_of(*text);
  if (vectors.size() != axis_count)
    fields.refuse("space directions", "must be " + std::to_string(axis_count) + " vectors or \"none\"");
  std::vector<bool> directed;
  for (const auto& vector : vectors) directed.push_back(vector.has_value());
  return directed;
}

NrrdGeometry nrrd_geometry(const HeaderFields& fields, std::size_t axis_count,
                           const std::vector<std::size_t>& spatial) {
  const auto directions = fields.find("space directions");
  if (!directions) {
    const auto taken = affine_without_orientation(spacings_of(fields, axis_count, spatial));
    if (taken.mm_from_voxel) require_usable(fields.file(), "its spacings", *taken.mm_from_voxel);
    return {taken.mm_from_voxel, {taken.note}};
  }
  const Space space = space_of(fields);
  const auto vectors = vectors_of(*directions);
  const double mm = mm_per_unit(fields);
  Affine3 affine;
  require_time_apart(fields, vectors, spatial);
  for (std::size_t i = 0; i < spatial.size(); ++i)
    affine.columns[i] = times(in_lps(fields, "space directions", vectors[spatial[i]], space), mm);
  if (spatial.size() == 2) affine.columns[2] = unit_normal(affine.columns[0], affine.columns[1]);
  if (const auto origin = fields.find("space origin")) {
    const auto points = vectors_of(*origin);
    affine.origin = times(
        in_lps(fields, "space origin", points.size() == 1 ? points.front() : OptionalVector(), space), mm);
  }
  require_usable(fields.file(), "its space directions", affine);
  NrrdGeometry geometry{affine, notes_on(affine)};
  if (!space.note.empty()) geometry.notes.push_back(space.note);
  return geometry;
}

}  // namespace sonde
