// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/io/dicom/header.h"

namespace sonde {

struct DicomFrameRequest {
  std::filesystem::path path;
  std::int64_t frame = 0;
  std::size_t size_bytes =
      0;  // what the frame must take: four bytes a grey pixel (float, rescaled), three a coloured one
};

DicomFrameRequest frame_request(const std::filesystem::path& path, const DicomHeader& header,
                                std::int64_t frame);

// Decodes the frames in child processes and hands their bytes over in order. Throws Error naming the file.
void decode_dicom_frames(const std::vector<DicomFrameRequest>& requests,
                         const std::function<void(ByteView frame)>& take);

}  // namespace sonde
