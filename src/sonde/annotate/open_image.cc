// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/open_image.h"

#include <algorithm>
#include <array>
#include <span>
#include <sys/stat.h>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/io/file_content.h"
#include "sonde/io/read.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

// Of a folder of DICOM all files: which of them are the series only reading them tells.
std::vector<fs::path> files_behind(const ImageSource& source) {
  std::error_code failed;
  if (!fs::is_directory(source.path, failed)) {
    try {
      return files_of(source.path);
    } catch (const Error&) {
      return {source.path};  // reading it will say why
    }
  }
  std::vector<fs::path> files;
  fs::recursive_directory_iterator at(source.path, failed);
  for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed))
    files.push_back(at->path());
  std::ranges::sort(files);
  return files;
}

}  // namespace

Volume read_image(const ImageSource& source) {
  return read_volume(source.path, {.frame = source.frame, .series = source.series});
}

std::string content_sha256(const Volume& volume) {
  const auto& e = volume.geometry.extent;
  std::vector<double> place{static_cast<double>(e.x), static_cast<double>(e.y), static_cast<double>(e.z)};
  if (volume.geometry.mm_from_voxel) {
    const auto& [u, v, w] = volume.geometry.mm_from_voxel->columns;
    for (const Vec3& column : {u, v, w, volume.geometry.mm_from_voxel->origin})
      place.insert(place.end(), {column.x, column.y, column.z});
  }
  const std::string all = sha256_hex(as_byte_view(place)) + sha256_hex(as_byte_view(volume.voxels)) +
                          sha256_hex(as_byte_view(volume.rgb));
  return sha256_hex(std::as_bytes(std::span(all)));
}

ImageContent content_of(const ImageSource& source, const Volume& volume, std::string stamp) {
  const bool is_turned = picture_orientation(source.path, source.frame) != 1;
  return {content_sha256(volume), std::move(stamp),
          is_turned ? ImageContent::Shown::turned : ImageContent::Shown::as_stored};
}

std::string stamp_of(const ImageSource& source) {
  std::string all;
  for (const fs::path& file : files_behind(source)) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    all += file.string() + '\0';
    for (const auto number : {std::int64_t{status.st_size}, std::int64_t{status.st_mtim.tv_sec},
                              std::int64_t{status.st_mtim.tv_nsec}, std::int64_t{status.st_ctim.tv_sec},
                              std::int64_t{status.st_ctim.tv_nsec}})
      all += std::to_string(number) + ' ';
  }
  return sha256_hex(std::as_bytes(std::span(all)));
}

}  // namespace sonde
