// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/read.h"

#include <array>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/io/formats.h"

namespace sonde {
namespace {

struct Format {
  bool (*recognises)(ByteView head, const std::filesystem::path& path);
  Volume (*read)(const std::filesystem::path& path, const ReadOptions& options);
  FileInfo (*inspect)(const std::filesystem::path& path);
};

// The first that recognises a file reads it. What has a signature comes before what also answers by name, so
// that content decides. DICOM comes before pictures: its preamble may look like a TIFF header (PS3.10, 7.1).
constexpr std::array kFormats{
    Format{recognises_dicom, read_dicom, inspect_dicom},
    Format{recognises_picture, read_picture, inspect_picture},
    Format{recognises_nrrd, read_nrrd, inspect_nrrd},
    Format{recognises_npy, read_npy, inspect_npy},
    Format{recognises_metaimage, read_metaimage, inspect_metaimage},
    Format{recognises_nifti, read_nifti, inspect_nifti},
};
constexpr Format kFolder{nullptr, read_dicom_folder, inspect_dicom_folder};

constexpr std::size_t kHeadBytes = 4096;

const Format& format_of(const std::filesystem::path& path) {
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  const std::string name = path.string();
  if (!std::filesystem::exists(status)) throw Error(ErrorKind::not_found, name + ": no such file or folder");
  if (std::filesystem::is_directory(status)) return kFolder;
  if (!std::filesystem::is_regular_file(status))  // a pipe would be waited for, a device may never end
    throw Error(ErrorKind::unsupported, name + ": neither a file nor a folder");
  const auto head = read_head(path, kHeadBytes);
  if (head.empty()) throw Error(ErrorKind::corrupt_data, name + ": the file is empty");
  for (const Format& format : kFormats) {
    if (format.recognises(head, path)) return format;
  }
  throw Error(ErrorKind::unsupported, name +
                                          ": not a format that sonde reads: PNG, JPEG, TIFF, BMP, DICOM, "
                                          "NIfTI, NRRD, MetaImage (.mha, .mhd), npy");
}

}  // namespace

Volume read_volume(const std::filesystem::path& path, const ReadOptions& options) {
  return format_of(path).read(path, options);
}

FileInfo inspect(const std::filesystem::path& path) { return format_of(path).inspect(path); }

}  // namespace sonde
