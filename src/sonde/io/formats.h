// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/io/read.h"
#include "sonde/io/volume/write_bytes.h"

namespace sonde {

using Extensions = std::span<const std::string_view>;  // in lower case with their dots
inline bool has(Extensions extensions, std::string_view extension) {
  return std::ranges::find(extensions, extension) != extensions.end();
}

// All that a format is to sonde. What lists formats or extensions (messages, help, folders that are searched)
// follows from the table of them, formats().
struct Format {
  std::string_view name;  // in messages
  Extensions extensions;  // of files that stand for an image: a header, not the data file beside it
  // Looks at the first bytes of a file, at least 512 where it has them. Null: nothing there tells.
  bool (*recognises)(ByteView head);
  Volume (*read)(const std::filesystem::path& path, const ReadOptions& options);
  FileInfo (*inspect)(const std::filesystem::path& path);
  std::int64_t (*count_frames)(const std::filesystem::path& path);
  Extensions by_name{};  // taken for this format whatever their first bytes are
  Extensions masks{};    // that are written, the usual one last
  // A file of them; the path says which extension. Null: only pictures are written. Throws
  // Error{corrupt_data} for an affine that the format cannot hold.
  std::vector<std::byte> (*mask_bytes)(const std::filesystem::path& path, const StoredVoxels& voxels,
                                       const std::optional<Affine3>& mm_from_voxel) = nullptr;
};
std::span<const Format> formats();

// The format of a file: by its first bytes, else by its name; null if there is none.
const Format* recognised(ByteView head, const std::filesystem::path& path);

// The readers. Sizes, offsets, names of further files and spatial data are checked before anything is
// allocated or handed to a library; a data file outside the header's folder is refused.

bool recognises_nifti(ByteView head);
Volume read_nifti(const std::filesystem::path& path, const ReadOptions& options);
FileInfo inspect_nifti(const std::filesystem::path& path);
std::int64_t count_nifti_frames(const std::filesystem::path& path);

Volume read_nrrd(const std::filesystem::path& path, const ReadOptions& options);
FileInfo inspect_nrrd(const std::filesystem::path& path);
std::int64_t count_nrrd_frames(const std::filesystem::path& path);

Volume read_metaimage(const std::filesystem::path& path, const ReadOptions& options);
FileInfo inspect_metaimage(const std::filesystem::path& path);
std::int64_t count_metaimage_frames(const std::filesystem::path& path);

Volume read_mgh(const std::filesystem::path& path, const ReadOptions& options);
FileInfo inspect_mgh(const std::filesystem::path& path);
std::int64_t count_mgh_frames(const std::filesystem::path& path);

Volume read_npy(const std::filesystem::path& path, const ReadOptions& options);
FileInfo inspect_npy(const std::filesystem::path& path);
std::int64_t count_npy_frames(const std::filesystem::path& path);

bool recognises_picture(ByteView head);  // PNG, JPEG, TIFF, BMP
Volume read_picture(const std::filesystem::path& path, const ReadOptions& options);
FileInfo inspect_picture(const std::filesystem::path& path);
std::int64_t count_picture_frames(const std::filesystem::path& path);
std::optional<ShownPicture> read_shown_picture(const std::filesystem::path& path, const ReadOptions& options);

Volume read_dicom(const std::filesystem::path& path, const ReadOptions& options);  // a file
FileInfo inspect_dicom(const std::filesystem::path& path);
std::int64_t count_dicom_frames(const std::filesystem::path& path);
Volume read_dicom_folder(const std::filesystem::path& folder, const ReadOptions& options);
FileInfo inspect_dicom_folder(const std::filesystem::path& folder);

}  // namespace sonde
