// SPDX-License-Identifier: Apache-2.0
// Formats whose header is lines of text: NRRD (teem.sourceforge.net/nrrd/format.html) and MetaImage
// (itk.org/Wiki/MetaIO/Documentation).
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "sonde/io/own_file.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/gzip.h"
#include "sonde/io/volume/write_bytes.h"

namespace sonde {
namespace {

// The shortest text that reads back as the same number.
std::string to_string(double value) {
  std::array<char, 32> digits{};
  const double without_sign_of_zero = value + 0.0;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), without_sign_of_zero).ptr;
  return {digits.data(), end};
}

std::string to_string(Vec3 v, const std::string& separator) {
  return to_string(v.x) + separator + to_string(v.y) + separator + to_string(v.z);
}

std::string to_string(Extent3 e) {
  return std::to_string(e.x) + " " + std::to_string(e.y) + " " + std::to_string(e.z);
}

std::string in_brackets(Vec3 v) { return "(" + to_string(v, ",") + ")"; }

std::vector<std::byte> joined(const std::string& header, const std::vector<std::byte>& data) {
  const ByteView text = std::as_bytes(std::span(header));
  std::vector<std::byte> file;
  file.reserve(text.size() + data.size());
  file.insert(file.end(), text.begin(), text.end());
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

constexpr bool kIsBigEndian = std::endian::native == std::endian::big;

// MetaIO's letters: where each axis comes from, by its largest component; "RAI" for LPS+. Unknown where that
// does not tell the axes apart.
std::string anatomical_orientation(const Affine3& affine) {
  constexpr std::string_view kFrom = "RAI", kFromWhereNegative = "LPS";
  std::string letters;
  unsigned seen = 0;
  for (const Vec3& column : affine.columns) {
    const std::array<double, 3> along{column.x, column.y, column.z};
    const auto largest = std::ranges::max_element(along, {}, [](double v) { return std::abs(v); });
    const auto axis = static_cast<std::size_t>(largest - along.begin());
    letters += (*largest < 0 ? kFromWhereNegative : kFrom)[axis];
    seen |= 1U << axis;
  }
  return seen == 7 ? letters : "???";
}

Affine3 usable_affine(const std::filesystem::path& path, const std::optional<Affine3>& mm_from_voxel) {
  const Affine3 affine = mm_from_voxel.value_or(Affine3{});
  require_usable(path.string(), "its geometry", affine);
  return affine;
}

}  // namespace

std::vector<std::byte> nrrd_bytes(const std::filesystem::path& path, const StoredVoxels& voxels,
                                  const std::optional<Affine3>& mm_from_voxel) {
  const Affine3 affine = usable_affine(path, mm_from_voxel);
  const auto& [i, j, k] = affine.columns;
  const bool wide = voxels.bits == 16;
  std::string header =
      "NRRD0004\n# http://teem.sourceforge.net/nrrd/format.html\n# " + std::string(kOwnMark) + "\n";
  header += wide ? "type: unsigned short\n" : "type: unsigned char\n";
  header += "dimension: 3\nspace: left-posterior-superior\nsizes: " + to_string(voxels.extent);
  header += "\nspace directions: " + in_brackets(i) + " " + in_brackets(j) + " " + in_brackets(k);
  header += "\nkinds: domain domain domain\n";
  if (wide) header += kIsBigEndian ? "endian: big\n" : "endian: little\n";
  header += "encoding: gzip\nspace origin: " + in_brackets(affine.origin) + "\n\n";
  return joined(header, gzip(voxels.bytes));
}

std::vector<std::byte> metaimage_bytes(const std::filesystem::path& path, const StoredVoxels& voxels,
                                       const std::optional<Affine3>& mm_from_voxel) {
  const Affine3 affine = usable_affine(path, mm_from_voxel);
  const std::vector<std::byte> data = deflated(voxels.bytes);
  std::string header = "ObjectType = Image\nNDims = 3\nComment = " + std::string(kOwnMark) +
                       "\nBinaryData = True\nBinaryDataByteOrderMSB = ";
  header += kIsBigEndian ? "True" : "False";
  header += "\nCompressedData = True\nCompressedDataSize = " + std::to_string(data.size());
  header += "\nTransformMatrix =";
  for (const Vec3& column : affine.columns) {
    const double step = length(column);
    header += " " + to_string({column.x / step, column.y / step, column.z / step}, " ");
  }
  header += "\nOffset = " + to_string(affine.origin, " ") + "\nCenterOfRotation = 0 0 0";
  header += "\nAnatomicalOrientation = " + anatomical_orientation(affine);
  header += "\nElementSpacing = " + to_string(spacing_mm(affine), " ");
  header += "\nDimSize = " + to_string(voxels.extent);
  header += voxels.bits == 16 ? "\nElementType = MET_USHORT" : "\nElementType = MET_UCHAR";
  header += "\nElementDataFile = LOCAL\n";
  return joined(header, data);
}

}  // namespace sonde
