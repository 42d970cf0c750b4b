// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/imaging/volume.h"

// What the tests of the volume formats share: little files, and errors as values.
namespace sonde {

inline std::filesystem::path write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
  return path;
}
inline std::filesystem::path write_file(const std::filesystem::path& path,
                                        const std::vector<std::byte>& content) {
  return write_file(path, std::string_view(reinterpret_cast<const char*>(content.data()), content.size()));
}

template <typename T>
std::string raw_bytes(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// The same with the bytes of each value reversed.
template <typename T>
std::string swapped_bytes(const std::vector<T>& values) {
  std::string bytes = raw_bytes(values);
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(T))
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + sizeof(T)));
  return bytes;
}

// The bytes 0, 1, 2, ...
inline std::string counting_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(i);
  return bytes;
}

struct Refused {
  ErrorKind kind;
  std::string message;
};
// What `work` threw; a failure of the test if it threw nothing.
inline Refused refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
  ADD_FAILURE() << "nothing was refused";
  return {ErrorKind::internal, ""};
}

inline void expect_near(Vec3 a, Vec3 b, double tolerance) {
  EXPECT_NEAR(a.x, b.x, tolerance);
  EXPECT_NEAR(a.y, b.y, tolerance);
  EXPECT_NEAR(a.z, b.z, tolerance);
}

inline void expect_near(const Affine3& a, const Affine3& b, double tolerance) {
  for (std::size_t axis = 0; axis < 3; ++axis) expect_near(a.columns[axis], b.columns[axis], tolerance);
  expect_near(a.origin, b.origin, tolerance);
}

// The voxels that are not 0 of the files that ITK 5.2.1 wrote for a mask of 12 x 10 x 8 on the oblique grid,
// in single precision.
inline const std::vector<std::size_t> kItkMask{639, 640, 641, 642, 643, 651, 652, 653, 654, 655,
                                               663, 664, 665, 666, 667, 676, 677, 678, 679};
inline std::vector<std::size_t> set_voxels(const Volume& volume) {
  std::vector<std::size_t> set;
  for (std::size_t i = 0; i < volume.voxels.size(); ++i)
    if (volume.voxels[i] != 0) set.push_back(i);
  return set;
}

// Anisotropic (0.5 x 0.75 x 3 mm), oblique by 30 degrees about z and then 20 about x, left-handed. LPS+.
inline Affine3 oblique_affine() {
  const double c = 0.86602540378443865, s = 0.5, c2 = 0.93969262078590838, s2 = 0.34202014332566873;
  return {{Vec3{0.5 * c, 0.5 * s * c2, 0.5 * s * s2}, Vec3{-0.75 * s, 0.75 * c * c2, 0.75 * c * s2},
           Vec3{0, 3 * s2, -3 * c2}},
          Vec3{-12.5, 30.25, 7.125}};
}

}  // namespace sonde
