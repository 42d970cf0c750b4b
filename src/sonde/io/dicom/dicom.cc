// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/image.h"
#include "sonde/io/dicom/meta.h"
#include "sonde/io/formats.h"

namespace sonde {

Volume read_dicom(const std::filesystem::path& path, const ReadOptions& options) {
  const DicomFiles files{.paths = {path}, .headers = {read_dicom_header(path)}};
  const auto stacks = stack_dicom(files.headers);
  return read_dicom_stack(path, files, stacks.front(), options);
}

std::int64_t count_dicom_frames(const std::filesystem::path& path) {
  return static_cast<std::int64_t>(stack_dicom({read_dicom_header(path)}).front().times.size());
}

FileInfo inspect_dicom(const std::filesystem::path& path) {
  const DicomFiles files{.paths = {path}, .headers = {read_dicom_header(path)}};
  const auto stacks = stack_dicom(files.headers);
  try_dicom_stack(files, stacks.front());
  return {.path = path,
          .format = "DICOM",
          .images = {describe_dicom_stack(files, stacks.front())},
          .refused = {}};
}

}  // namespace sonde
