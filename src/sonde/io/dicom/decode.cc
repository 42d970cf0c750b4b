// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/decode.h"

#include <span>

#include "sonde/core/error.h"
#include "sonde/core/isolated.h"
#include "sonde/io/dicom/plugin.h"
#include "sonde/io/dicom/wire.h"

namespace sonde {
namespace {

std::vector<std::byte> decode_isolated(std::span<const DicomFrameRequest> requests) {
  const DicomPlugin& gdcm = dicom_plugin();
  return run_isolated(requests.front().path.string(), IsolationLimits{},
                      [&](std::vector<std::byte>& out) { gdcm.decode_frames(requests, out); });
}

// A child that dies cannot say at which file: then each is tried alone.
std::vector<std::byte> decode_or_name(std::span<const DicomFrameRequest> batch) {
  try {
    return decode_isolated(batch);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt_data || batch.front().path == batch.back().path) throw;
  }
  std::vector<std::byte> all;
  for (const auto& request : batch) {
    const auto bytes = decode_isolated(std::span(&request, 1));
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

}  // namespace

DicomFrameRequest frame_request(const std::filesystem::path& path, const DicomHeader& header,
                                std::int64_t frame) {
  const std::size_t pixel_bytes = photometric_of(header) == Photometric::rgb ? 3 : sizeof(float);
  return {.path = path,
          .frame = frame,
          .size_bytes = static_cast<std::size_t>(header.rows * header.columns) * pixel_bytes};
}

void decode_dicom_frames(const std::vector<DicomFrameRequest>& requests,
                         const std::function<void(ByteView frame)>& take) {
  constexpr std::size_t kBatchBytes = std::size_t{64} << 20;
  const std::span<const DicomFrameRequest> all(requests);
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = begin;
    std::size_t size = 0;
    while (end < all.size() && (size < kBatchBytes || all[end].path == all[end - 1].path))
      size += all[end++].size_bytes;
    const auto batch = all.subspan(begin, end - begin);
    const auto bytes = decode_or_name(batch);
    WireReader wire(bytes);
    for (const auto& request : batch) take(wire.take_bytes(request.size_bytes));
    begin = end;
  }
}

}  // namespace sonde
