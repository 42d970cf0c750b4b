// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace sonde {

struct Extent2 {  // pixels
  std::int64_t width = 0, height = 0;
  bool operator==(const Extent2&) const = default;
};
struct Extent3 {  // voxels
  std::int64_t x = 0, y = 0, z = 0;
  bool operator==(const Extent3&) const = default;
};
constexpr std::int64_t pixel_count(Extent2 e) { return e.width * e.height; }
constexpr std::int64_t voxel_count(Extent3 e) { return e.x * e.y * e.z; }

// Pixels of the picture as shown: x to the right, y down, the centre of the top-left pixel at (0, 0).
struct Point2 {
  double x = 0, y = 0;
  bool operator==(const Point2&) const = default;
};
struct Box2 {  // maxima included: one pixel is x0 == x1, y0 == y1
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  bool operator==(const Box2&) const = default;
};

struct Vec3 {
  double x = 0, y = 0, z = 0;
  bool operator==(const Vec3&) const = default;
};
double dot(Vec3 a, Vec3 b);
Vec3 cross(Vec3 a, Vec3 b);
double length(Vec3 a);

// mm_from_voxel: mm = columns[0] * i + columns[1] * j + columns[2] * k + origin. World axes are LPS+ (x to
// the patient's left, y to posterior, z to superior), as DICOM's and ITK's; NIfTI's RAS+ has x and y negated.
struct Affine3 {
  std::array<Vec3, 3> columns{Vec3{1, 0, 0}, Vec3{0, 1, 0}, Vec3{0, 0, 1}};  // mm a voxel step along i, j, k
  Vec3 origin;                                                               // mm, centre of voxel (0, 0, 0)
  bool operator==(const Affine3&) const = default;
};
Vec3 transform(const Affine3& mm_from_voxel, Vec3 voxel);
double determinant(const Affine3& affine);
bool is_finite(const Affine3& affine);
// Distance of voxel centres along i, j, k in mm.
Vec3 spacing_mm(const Affine3& mm_from_voxel);
// The same affine with world x and y negated: RAS+ to LPS+ and back.
Affine3 flip_world_xy(const Affine3& affine);

}  // namespace sonde
