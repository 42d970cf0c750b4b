// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/imaging/volume.h"

namespace sonde {

// Voxels of a file, i fastest, then j, then k, in the machine's byte order.
struct StoredVoxels {
  Extent3 extent;
  int bits = 8;  // 8 or 16, unsigned
  ByteView bytes;
  std::int32_t largest = 1;  // value
};

// What a file of masks or labels holds, format by format (Format::mask_bytes). The affine is LPS+.

// NIfTI-1, NIfTI-2 where an extent passes 32767; plain for .nii, else gzip. The affine is the sform and,
// where its axes are perpendicular, the qform as well; without one both codes are 0 and the spacing 1.
std::vector<std::byte> nifti_bytes(const std::filesystem::path& path, const StoredVoxels& voxels,
                                   const std::optional<Affine3>& mm_from_voxel);

// NRRD in LPS+, gzip.
std::vector<std::byte> nrrd_bytes(const std::filesystem::path& path, const StoredVoxels& voxels,
                                  const std::optional<Affine3>& mm_from_voxel);

// MetaImage in one file, as ITK writes it, zlib.
std::vector<std::byte> metaimage_bytes(const std::filesystem::path& path, const StoredVoxels& voxels,
                                       const std::optional<Affine3>& mm_from_voxel);

}  // namespace sonde
