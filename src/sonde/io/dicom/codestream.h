// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "sonde/core/bytes.h"
#include "sonde/io/dicom/header.h"

namespace sonde {

// What a JPEG, JPEG-LS or JPEG 2000 codestream says of itself before its data.
struct Codestream {
  std::int64_t width = 0, height = 0;
  std::int32_t components = 0, precision = 0;
  // JPEG: Adobe's marker says that the colours were not transformed, or the components are called R, G and B.
  bool is_rgb = false;
};
std::optional<Codestream> parse_codestream(ByteView bytes);

// Throws Error{corrupt_data} naming `path` where the codestream is none or does not fit the header. Nothing
// is known of RLE.
void check_codestream(const std::filesystem::path& path, ByteView bytes, const DicomHeader& header);

}  // namespace sonde
