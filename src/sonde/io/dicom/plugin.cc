// SPDX-License-Identifier: Apache-2.0
// The library libsonde-dicom.so.
#include "sonde/io/dicom/plugin.h"

#include <memory>

#include "sonde/core/error.h"
#include "sonde/io/dicom/gdcm.h"

namespace sonde {
namespace {

DicomHeader read_header(const std::filesystem::path& path) {
  return dicom::parse_header(path, dicom::File(path));
}

// A file is opened once for its frames.
void decode_frames(std::span<const DicomFrameRequest> requests, std::vector<std::byte>& out) {
  std::unique_ptr<dicom::File> file;
  DicomHeader header;
  const std::filesystem::path* open = nullptr;
  std::size_t size = 0;
  for (const auto& request : requests) size += request.size_bytes;
  out.reserve(size);
  for (const auto& request : requests) {
    if (open == nullptr || *open != request.path) {
      file = std::make_unique<dicom::File>(request.path);
      header = dicom::parse_header(request.path, *file);
      open = &request.path;
    }
    const auto before = out.size();
    if (request.frame < 0 || request.frame >= static_cast<std::int64_t>(header.frames.size()))
      throw Error(ErrorKind::corrupt_data, request.path.string() + ": the file changed while it was read");
    dicom::append_frame(request.path, *file, header, request.frame, out);
    if (out.size() - before != request.size_bytes)
      throw Error(ErrorKind::corrupt_data,
                  request.path.string() + ": the decoded picture has not the size that the header says");
  }
}

}  // namespace

const DicomPlugin sonde_dicom_plugin{.read_header = read_header, .decode_frames = decode_frames};

}  // namespace sonde
