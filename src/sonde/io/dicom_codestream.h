// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "sonde/core/bytes.h"
#include "sonde/io/dicom_header.h"

namespace sonde {

// What a JPEG, JPEG-LS or JPEG 2000 codestream says of itself before its data.
struct Codestream {
  std::int64_t width = 0, height = 0;
  std::int32_t components = 0, precision = 0;
  bool is_signed = false;         // JPEG 2000
  bool is_lossless_jpeg = false;  // JPEG's lossless processes: no colour transform of their own
  bool has_rgb_marker =
      false;  // JPEG: Adobe's marker says no transform, or the components are called R, G, B
  bool has_ybr_marker = false;  // JPEG: Adobe's marker says YCbCr
};
std::optional<Codestream> parse_codestream(ByteView bytes);

// Throws Error{corrupt_data} naming `path` where the codestream is none or does not fit the header. Nothing
// is known of RLE.
void check_codestream(const std::filesystem::path& path, ByteView bytes, const DicomHeader& header);

}  // namespace sonde
