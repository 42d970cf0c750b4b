// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sonde/io/volume/stored_image.h"
#include "sonde/io/volume/text_header.h"

namespace sonde {

struct NrrdHeader {
  enum class Encoding { raw, gzip, text, hex } encoding = Encoding::raw;
  StoredImage image;
  std::string data_file;  // absent: the data follows the header
  std::int64_t line_skip = 0;
  std::int64_t byte_skip = 0;  // -1: the data ends the file
  std::size_t end = 0;         // of the header in its file
};

bool starts_as_nrrd(ByteView head);
// Of a file, from its header alone; none: it is not a segmentation. Throws as parse_nrrd_header.
std::vector<SegmentInfo> read_nrrd_segments(const std::filesystem::path& path);

// Throws Error{corrupt_data} for a header that breaks the standard, Error{unsupported} for what sonde does
// not read. The sizes of the data remain to be checked.
NrrdHeader parse_nrrd_header(const std::string& name, ByteView file);

// The affine of the axes `spatial` (2 or 3, in order), LPS+, with notes. axis_count: of the whole array.
struct NrrdGeometry {
  std::optional<Affine3> mm_from_voxel;
  std::vector<std::string> notes;
};
NrrdGeometry nrrd_geometry(const HeaderFields& fields, std::size_t axis_count,
                           const std::vector<std::size_t>& spatial);

// Of each axis, whether "space directions" gives it a direction; absent without that field.
std::optional<std::vector<bool>> nrrd_axes_with_direction(const HeaderFields& fields, std::size_t axis_count);

}  // namespace sonde
