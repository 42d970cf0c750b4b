// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <nifti2_io.h>

#include "sonde/io/own_file.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/gzip.h"
#include "sonde/io/volume/write_bytes.h"

namespace sonde {
namespace {

// Whether a rotation and spacings, which is all that a qform holds, make the affine.
bool is_rigid(const Affine3& affine) {
  constexpr double kRightAngle = 1e-4;  // cosine
  const auto cosine = [&](std::size_t a, std::size_t b) {
    const Vec3 u = affine.columns[a];
    const Vec3 v = affine.columns[b];
    return std::abs(dot(u, v)) / (length(u) * length(v));
  };
  return std::max({cosine(0, 1), cosine(1, 2), cosine(0, 2)}) < kRightAngle;
}

template <typename Raw>
void set_qform(Raw& raw, const Affine3& ras) {
  nifti_dmat44 matrix{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    matrix.m[0][axis] = ras.columns[axis].x;
    matrix.m[1][axis] = ras.columns[axis].y;
    matrix.m[2][axis] = ras.columns[axis].z;
  }
  matrix.m[0][3] = ras.origin.x;
  matrix.m[1][3] = ras.origin.y;
  matrix.m[2][3] = ras.origin.z;
  matrix.m[3][3] = 1;
  double b = 0, c = 0, d = 0, x = 0, y = 0, z = 0, dx = 0, dy = 0, dz = 0, qfac = 1;
  nifti_dmat44_to_quatern(matrix, &b, &c, &d, &x, &y, &z, &dx, &dy, &dz, &qfac);
  using Real = std::remove_reference_t<decltype(raw.quatern_b)>;
  const auto real = [](double value) { return static_cast<Real>(value); };
  raw.quatern_b = real(b);
  raw.quatern_c = real(c);
  raw.quatern_d = real(d);
  raw.qoffset_x = real(x);
  raw.qoffset_y = real(y);
  raw.qoffset_z = real(z);
  raw.pixdim[0] = real(qfac);
  raw.qform_code = NIFTI_XFORM_SCANNER_ANAT;
}

template <typename Raw>
void set_geometry(Raw& raw, const std::optional<Affine3>& lps) {
  using Real = std::remove_reference_t<decltype(raw.pixdim[0])>;
  std::fill_n(raw.pixdim, 8, Real{1});
  if (!lps) return;
  const Affine3 ras = flip_world_xy(*lps);
  const Vec3 spacing = spacing_mm(ras);
  raw.pixdim[1] = static_cast<Real>(spacing.x);
  raw.pixdim[2] = static_cast<Real>(spacing.y);
  raw.pixdim[3] = static_cast<Real>(spacing.z);
  for (std::size_t axis = 0; axis < 4; ++axis) {
    const Vec3 column = axis < 3 ? ras.columns[axis] : ras.origin;
    raw.srow_x[axis] = static_cast<Real>(column.x);
    raw.srow_y[axis] = static_cast<Real>(column.y);
    raw.srow_z[axis] = static_cast<Real>(column.z);
  }
  raw.sform_code = NIFTI_XFORM_SCANNER_ANAT;
  if (is_rigid(ras)) set_qform(raw, ras);
}

template <typename Raw>
Raw header_of(const StoredVoxels& voxels, const std::optional<Affine3>& lps) {
  Raw raw{};
  raw.sizeof_hdr = sizeof(Raw);
  using Size = std::remove_reference_t<decltype(raw.dim[0])>;
  std::fill_n(raw.dim, 8, Size{1});
  raw.dim[0] = 3;
  raw.dim[1] = static_cast<Size>(voxels.extent.x);
  raw.dim[2] = static_cast<Size>(voxels.extent.y);
  raw.dim[3] = static_cast<Size>(voxels.extent.z);
  raw.datatype = voxels.bits == 16 ? DT_UINT16 : DT_UINT8;
  raw.bitpix = static_cast<decltype(raw.bitpix)>(voxels.bits);
  raw.vox_offset = sizeof(Raw) + 4;
  raw.scl_slope = 1;
  raw.cal_max = static_cast<decltype(raw.cal_max)>(voxels.largest);
  raw.xyzt_units = NIFTI_UNITS_MM | NIFTI_UNITS_SEC;
  std::ranges::copy(kOwnMark, std::begin(raw.descrip));
  set_geometry(raw, lps);
  return raw;
}

template <typename Raw>
std::vector<std::byte> file_of(const Raw& raw, const StoredVoxels& voxels) {
  const ByteView header = std::as_bytes(std::span(&raw, 1));
  std::vector<std::byte> bytes(header.begin(), header.end());
  bytes.resize(bytes.size() + 4);  // no extensions
  bytes.insert(bytes.end(), voxels.bytes.begin(), voxels.bytes.end());
  return bytes;
}

}  // namespace

std::vector<std::byte> nifti_bytes(const std::filesystem::path& path, const StoredVoxels& voxels,
                                   const std::optional<Affine3>& mm_from_voxel) {
  const std::int64_t longest = std::max({voxels.extent.x, voxels.extent.y, voxels.extent.z});
  std::vector<std::byte> bytes;
  if (longest <= std::numeric_limits<short>::max()) {
    auto raw = header_of<nifti_1_header>(voxels, mm_from_voxel);
    raw.regular = 'r';
    std::memcpy(raw.magic, "n+1", 4);
    bytes = file_of(raw, voxels);
  } else {
    auto raw = header_of<nifti_2_header>(voxels, mm_from_voxel);
    std::memcpy(raw.magic, "n+2\0\r\n\x1a\n", 8);
    bytes = file_of(raw, voxels);
  }
  return lower_extension(path) == ".nii" ? bytes : gzip(bytes);
}

}  // namespace sonde
