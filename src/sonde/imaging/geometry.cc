// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/geometry.h"

#include <cmath>

namespace sonde {

double dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

Vec3 cross(Vec3 a, Vec3 b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }

double length(Vec3 a) { return std::sqrt(dot(a, a)); }

Vec3 transform(const Affine3& affine, Vec3 voxel) {
  const auto& [u, v, w] = affine.columns;
  return {u.x * voxel.x + v.x * voxel.y + w.x * voxel.z + affine.origin.x,
          u.y * voxel.x + v.y * voxel.y + w.y * voxel.z + affine.origin.y,
          u.z * voxel.x + v.z * voxel.y + w.z * voxel.z + affine.origin.z};
}

double determinant(const Affine3& affine) {
  return dot(affine.columns[0], cross(affine.columns[1], affine.columns[2]));
}

bool is_finite(const Affine3& affine) {
  const auto finite = [](Vec3 v) { return std::isfinite(v.x) && std::isfinite(v.y) && std::isfinite(v.z); };
  return finite(affine.columns[0]) && finite(affine.columns[1]) && finite(affine.columns[2]) &&
         finite(affine.origin);
}

Vec3 spacing_mm(const Affine3& affine) {
  return {length(affine.columns[0]), length(affine.columns[1]), length(affine.columns[2])};
}

Affine3 flip_world_xy(const Affine3& affine) {
  const auto flip = [](Vec3 v) { return Vec3{-v.x, -v.y, v.z}; };
  return {{flip(affine.columns[0]), flip(affine.columns[1]), flip(affine.columns[2])}, flip(affine.origin)};
}

}  // namespace sonde
