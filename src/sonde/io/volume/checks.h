// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/imaging/geometry.h"

// What the readers of NIfTI, NRRD, MetaImage, MGH and npy check alike before they allocate or follow
// anything.
namespace sonde {

// "0.5", "1e-30": three digits.
std::string short_number(double value);

[[noreturn]] void refuse_corrupt(const std::string& name, const std::string& fault);
[[noreturn]] void refuse_unsupported(const std::string& name, const std::string& fault);

// 2^40: far above any scan, far below where a product of two could wrap.
inline constexpr std::int64_t kMaxVoxels = std::int64_t{1} << 40;

// The product of sizes, each at least 1, at most kMaxVoxels. Throws Error{corrupt_data} naming `name` and
// the offender.
std::int64_t checked_count(const std::string& name, std::span<const std::int64_t> sizes);

// Throws Error{corrupt_data} unless the affine is finite, its voxels have a volume, and its spacings lie
// within 1e-6 .. 1e6 mm. `what` names it: "sform", "space directions".
void require_usable(const std::string& name, const std::string& what, const Affine3& mm_from_voxel);

// What is legal but should be known: sheared axes, axes more than 5 degrees off the anatomical ones.
std::vector<std::string> notes_on(const Affine3& mm_from_voxel);

// For a file that gives spacing but no orientation: pictures come out as they are stored. Absent if there is
// no spacing either.
struct UnorientedAffine {
  std::optional<Affine3> mm_from_voxel;
  std::string note;
};
UnorientedAffine affine_without_orientation(std::optional<Vec3> spacing_mm);

// The data file that a header names: a plain file name in the header's own folder, not a link out of it.
// Throws Error{corrupt_data} for any other, and if it is not there: the file that was named is broken without
// it.
std::filesystem::path data_file_beside(const std::filesystem::path& header, std::string_view name);

// The extension in lower case with its dot; ".nii.gz" and ".img.gz" are one extension.
std::string lower_extension(const std::filesystem::path& path);

}  // namespace sonde
