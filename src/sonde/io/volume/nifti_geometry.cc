// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <nifti2_io.h>

#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/nifti_header.h"

namespace sonde {
namespace {

std::int64_t size_along(const NiftiHeader& header, std::size_t axis) {
  return header.dim[0] >= static_cast<std::int64_t>(axis) ? header.dim[axis] : 1;
}

// Millimetres in the file's unit of length; unknown and undefined codes are taken as mm, as every reader
// does.
double mm_per_unit(const NiftiHeader& header) {
  switch (XYZT_TO_SPACE(header.units)) {
    case NIFTI_UNITS_METER:
      return 1000;
    case NIFTI_UNITS_MICRON:
      return 0.001;
    default:
      return 1;
  }
}

// Adding 0 takes the sign off zeros, which turning axes round leaves.
Affine3 scaled(const Affine3& affine, double factor) {
  const auto times = [&](Vec3 v) { return Vec3{v.x * factor + 0.0, v.y * factor + 0.0, v.z * factor + 0.0}; };
  return {{times(affine.columns[0]), times(affine.columns[1]), times(affine.columns[2])},
          times(affine.origin)};
}

template <typename Rows>
Affine3 affine_of_rows(const Rows& rows) {
  const auto column = [&](int i) { return Vec3{rows[0][i], rows[1][i], rows[2][i]}; };
  return {{column(0), column(1), column(2)}, column(3)};
}

// RAS+ in the file's unit. A single slice may leave its third column zero: it is then one unit along the
// normal.
Affine3 sform_of(const NiftiHeader& header) {
  Affine3 affine = affine_of_rows(header.srow);
  if (size_along(header, 3) == 1 && affine.columns[2] == Vec3{}) {
    const Vec3 normal = cross(affine.columns[0], affine.columns[1]);
    const double norm = length(normal);
    if (norm > 0) affine.columns[2] = {normal.x / norm, normal.y / norm, normal.z / norm};
  }
  return affine;
}

// What pixdim says, 1 along an axis of one voxel that has none.
Vec3 pixdim_of(const NiftiHeader& header) {
  const auto along = [&](std::size_t axis) {
    const double spacing = header.pixdim[axis];
    return size_along(header, axis) == 1 && spacing == 0 ? 1.0 : spacing;
  };
  return {along(1), along(2), along(3)};
}

// Empty if the spacing can be used, else what is wrong with it.
std::string fault_of_spacing(Vec3 spacing) {
  const std::array<double, 3> along{spacing.x, spacing.y, spacing.z};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (std::isfinite(along[axis]) && along[axis] > 0) continue;
    return "spacing along " + std::string(1, "xyz"[axis]) + " (pixdim[" + std::to_string(axis + 1) +
           "]) is " + short_number(along[axis]) + ", must be above 0 and finite";
  }
  return "";
}

std::string fault_of_qform(const NiftiHeader& header) {
  if (std::string fault = fault_of_spacing(pixdim_of(header)); !fault.empty()) return fault;
  const auto& q = header.quaternion;
  if (!std::ranges::all_of(q, [](double v) { return std::isfinite(v); }))
    return "its qform holds a value that is not a finite number";
  constexpr double kRounding = 1e-3;
  if (q[0] * q[0] + q[1] * q[1] + q[2] * q[2] > 1 + kRounding)
    return "the quaternion of its qform is longer than 1";
  return "";
}

// RAS+ in the file's unit.
Affine3 qform_of(const NiftiHeader& header) {
  const Vec3 spacing = pixdim_of(header);
  const auto& q = header.quaternion;
  const double qfac = header.pixdim[0] < 0 ? -1 : 1;  // 0 counts as 1, as the standard says
  const nifti_dmat44 matrix =
      nifti_quatern_to_dmat44(q[0], q[1], q[2], q[3], q[4], q[5], spacing.x, spacing.y, spacing.z, qfac);
  return affine_of_rows(matrix.m);
}

// How far apart two affines put the corners of the volume, in units of the first one's finest spacing.
double disagreement(const Affine3& a, const Affine3& b, const NiftiHeader& header) {
  double farthest = 0;
  for (int corner = 0; corner < 8; ++corner) {
    const auto at = [&](std::size_t axis) {
      return ((corner >> (axis - 1)) & 1) != 0 ? static_cast<double>(size_along(header, axis) - 1) : 0.0;
    };
    const Vec3 voxel{at(1), at(2), at(3)};
    const Vec3 p = transform(a, voxel);
    const Vec3 q = transform(b, voxel);
    farthest = std::max(farthest, length({p.x - q.x, p.y - q.y, p.z - q.z}));
  }
  const Vec3 spacing = spacing_mm(a);
  return farthest / std::min({spacing.x, spacing.y, spacing.z});
}

NiftiGeometry unoriented(const std::string& name, const NiftiHeader& header) {
  const Vec3 spacing = pixdim_of(header);
  const bool none = spacing.x == 0 || spacing.y == 0 || spacing.z == 0;
  const std::string fault = none ? "" : fault_of_spacing(spacing);
  if (!fault.empty()) refuse_corrupt(name, fault);
  const double mm = mm_per_unit(header);
  auto taken = affine_without_orientation(
      none ? std::nullopt : std::optional(Vec3{spacing.x * mm, spacing.y * mm, spacing.z * mm}));
  if (taken.mm_from_voxel) require_usable(name, "pixdim", *taken.mm_from_voxel);
  return {taken.mm_from_voxel, {taken.note}};
}

}  // namespace

NiftiGeometry geometry_of(const std::string& name, const NiftiHeader& header) {
  if (header.sform_code <= 0 && header.qform_code <= 0) return unoriented(name, header);
  const std::string qform_fault = header.qform_code > 0 ? fault_of_qform(header) : "";
  const bool by_sform = header.sform_code > 0;
  if (!by_sform && !qform_fault.empty()) refuse_corrupt(name, qform_fault);
  const Affine3 ras = by_sform ? sform_of(header) : qform_of(header);
  const Affine3 lps = scaled(flip_world_xy(ras), mm_per_unit(header));
  require_usable(name, by_sform ? "its sform" : "its qform", lps);
  NiftiGeometry geometry{lps, notes_on(lps)};
  constexpr double kTolerance = 0.5;  // voxels
  if (by_sform && header.qform_code > 0 && qform_fault.empty() &&
      disagreement(ras, qform_of(header), header) > kTolerance)
    geometry.notes.emplace_back("qform and sform disagree: the sform is used");
  if (by_sform && !qform_fault.empty())
    geometry.notes.emplace_back("its qform is not valid: the sform is used");
  return geometry;
}

}  // namespace sonde
