// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sonde/core/bytes.h"
#include "sonde/io/read.h"

// One reader a format, beneath read.h. recognises_X looks at the first bytes of a file (at least 512 where
// the file has them) and, for formats without a signature, at the name. Sizes, offsets, names of further
// files and spatial data are checked before anything is allocated or handed to a library; a data file outside
// the header's folder is refused.
namespace sonde {

bool recognises_nifti(ByteView head, const std::filesystem::path& path);
Volume read_nifti(const std::filesystem::path& path, const ReadOptions& options);
FileInfo inspect_nifti(const std::filesystem::path& path);
std::int64_t count_nifti_frames(const std::filesystem::path& path);

bool recognises_nrrd(ByteView head, const std::filesystem::path& path);
Volume read_nrrd(const std::filesystem::path& path, const ReadOptions& options);
FileInfo inspect_nrrd(const std::filesystem::path& path);
std::int64_t count_nrrd_frames(const std::filesystem::path& path);

bool recognises_metaimage(ByteView head, const std::filesystem::path& path);  // .mha, .mhd
Volume read_metaimage(const std::filesystem::path& path, const ReadOptions& options);
FileInfo inspect_metaimage(const std::filesystem::path& path);
std::int64_t count_metaimage_frames(const std::filesystem::path& path);

bool recognises_mgh(ByteView head, const std::filesystem::path& path);  // by its name alone
Volume read_mgh(const std::filesystem::path& path, const ReadOptions& options);
FileInfo inspect_mgh(const std::filesystem::path& path);
std::int64_t count_mgh_frames(const std::filesystem::path& path);

bool recognises_npy(ByteView head, const std::filesystem::path& path);
Volume read_npy(const std::filesystem::path& path, const ReadOptions& options);
FileInfo inspect_npy(const std::filesystem::path& path);
std::int64_t count_npy_frames(const std::filesystem::path& path);

bool recognises_picture(ByteView head, const std::filesystem::path& path);  // PNG, JPEG, TIFF, BMP
Volume read_picture(const std::filesystem::path& path, const ReadOptions& options);
FileInfo inspect_picture(const std::filesystem::path& path);
std::int64_t count_picture_frames(const std::filesystem::path& path);
std::optional<ShownPicture> read_shown_picture(const std::filesystem::path& path, const ReadOptions& options);

bool recognises_dicom(ByteView head, const std::filesystem::path& path);           // with or without preamble
Volume read_dicom(const std::filesystem::path& path, const ReadOptions& options);  // a file
FileInfo inspect_dicom(const std::filesystem::path& path);
std::int64_t count_dicom_frames(const std::filesystem::path& path);
Volume read_dicom_folder(const std::filesystem::path& folder, const ReadOptions& options);
FileInfo inspect_dicom_folder(const std::filesystem::path& folder);

}  // namespace sonde
