// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sonde {

struct ImageFile {
  std::filesystem::path path;
  std::string name;  // "scan.nii.gz"
  std::string stem;  // "scan"
};
// Of a file with an extension that sonde reads: what stands before it; absent for any other.
std::optional<std::string> image_stem(const std::filesystem::path& path);
// The images of one folder by name (name_before): files with an extension that sonde reads, and DICOM files
// without one. Hidden files, folders and others are passed over. Throws Error{unavailable} naming a folder
// that cannot be listed.
std::vector<ImageFile> image_files(const std::filesystem::path& folder);

// Those of its subfolders too, links followed: names and stems then begin with the folder, "p1/17.png".
// Hidden folders are passed over.
std::vector<ImageFile> image_files_below(const std::filesystem::path& folder);

// What an exception says in one line that names `file`.
std::string reason_naming(const std::filesystem::path& file, const std::exception& error);

}  // namespace sonde
