// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "sonde/core/bytes.h"
#include "sonde/io/volume/samples.h"
#include "sonde/io/volume/stored_image.h"

namespace sonde {

// The fields of a NIfTI-1 or NIfTI-2 header that sonde uses, in the machine's byte order, as the file has
// them.
struct NiftiHeader {
  int version = 1;
  enum class Storage { single_file, pair } storage = Storage::single_file;
  ByteOrder order = ByteOrder::little;
  std::array<std::int64_t, 8> dim{};
  std::array<double, 8> pixdim{};
  std::int64_t datatype = 0, bits = 0;
  double vox_offset = 0;  // NIfTI-1 stores a float
  double slope = 0, intercept = 0;
  std::int64_t qform_code = 0, sform_code = 0;
  std::array<double, 6> quaternion{};  // b, c, d, offsets x, y, z
  std::array<std::array<double, 4>, 3> srow{};
  int units = 0;  // xyzt_units
};
inline constexpr std::size_t kNifti1HeaderBytes = 348, kNifti2HeaderBytes = 540;

bool starts_as_nifti(ByteView head);

// The header at the start of `head`, which holds as much of the file as there is up to 540 bytes.
// Throws Error{corrupt_data} if it is none or is cut, Error{unsupported} for ANALYZE 7.5. name: of the file.
NiftiHeader parse_nifti_header(const std::string& name, ByteView head);

// Bytes of the header in the file, with the four that announce extensions where the file has voxels too.
std::int64_t header_bytes(const NiftiHeader& header);

// The image that the header describes, checked but for the sizes of the data; world coordinates from sform,
// else qform, else spacing. Throws Error{corrupt_data}, or Error{unsupported} for a sample type or a
// dimension that sonde does not read.
StoredImage image_of(const std::string& name, const NiftiHeader& header);

// The affine of an image whose header passed; RAS+ to LPS+ done. notes: what was decided.
struct NiftiGeometry {
  std::optional<Affine3> mm_from_voxel;
  std::vector<std::string> notes;
};
NiftiGeometry geometry_of(const std::string& name, const NiftiHeader& header);

}  // namespace sonde
