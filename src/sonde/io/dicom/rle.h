// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "sonde/core/bytes.h"

namespace sonde {

// One frame of DICOM's run-length coding (PS3.5, annex G): colour by pixel, little-endian samples. Nothing
// where the segments are not those of `pixels` pixels of `samples` samples of `sample_bytes` bytes. GDCM
// mixes up the bytes of wide colours.
std::optional<std::vector<std::byte>> decode_dicom_rle(ByteView frame, std::size_t pixels,
                                                       std::size_t samples, std::size_t sample_bytes);

}  // namespace sonde
