// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/read.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/parallel.h"
#include "sonde/core/text.h"
#include "sonde/core/threads.h"
#include "sonde/io/data_files.h"
#include "sonde/io/formats.h"
#include "sonde/io/masks/set_layout.h"
#include "sonde/io/other_formats.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

FileInfo inspect_folder(const std::filesystem::path& folder);
const Format kFolder{"folder", {}, nullptr, read_dicom_folder, inspect_folder, nullptr};

constexpr std::size_t kHeadBytes = 4096;

const Format& format_of(const std::filesystem::path& path) {
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  const std::string name = path.string();
  if (status.type() ==
      std::filesystem::file_type::none)  // a link that leads to itself, a folder that is shut
    throw Error(ErrorKind::unavailable, name + ": cannot be read: " + failed.message());
  if (!std::filesystem::exists(status)) throw Error(ErrorKind::not_found, name + ": no such file or folder");
  if (std::filesystem::is_directory(status)) return kFolder;
  if (!std::filesystem::is_regular_file(status))  // a pipe would be waited for, a device may never end
    throw Error(ErrorKind::unsupported, name + ": neither a file nor a folder");
  const auto head = read_head(path, kHeadBytes);
  if (head.empty()) throw Error(ErrorKind::corrupt_data, name + ": the file is empty");
  if (const Format* format = recognised(head, path)) return *format;
  if (const auto other = other_format(head))
    throw Error(ErrorKind::unsupported, name + ": " + why_not_read(*other));
  std::vector<std::string_view> names;
  for (const Format& format : formats()) names.push_back(format.name);
  throw Error(ErrorKind::unsupported, name + ": not a format that sonde reads: " + listed(names));
}

// What one file of a folder adds to it; nothing if it is not an image.
FileInfo inspect_among_others(const std::filesystem::path& path) {
  FileInfo file{path, "", {}, {}};
  try {
    const auto head = read_head(path, kHeadBytes);
    if (const Format* format = recognised(head, path)) {
      file = format->inspect(path);
      for (ImageInfo& image : file.images)
        image.title = path.filename().string() + (image.title.empty() ? "" : ", " + image.title);
    } else if (const auto other = other_format(head); other && other->holds == OtherFormat::Holds::image) {
      file.refused.push_back({path, why_not_read(*other)});
    }
  } catch (const Error& error) {
    const std::string message = error.what();
    const std::string prefix = path.string() + ": ";
    file.refused.push_back({path, message.starts_with(prefix) ? message.substr(prefix.size()) : message});
  }
  return file;
}

// The files of one folder that are images, each under its name. Subfolders and other files are passed over.
FileInfo inspect_files(const std::filesystem::path& folder) {
  constexpr std::size_t kFilesAtOnce = 32;
  std::vector<std::filesystem::path> paths;
  std::error_code unknown;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file(unknown)) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<FileInfo> found(paths.size());
  const auto shares = static_cast<std::int64_t>((paths.size() + kFilesAtOnce - 1) / kFilesAtOnce);
  parallel_for(physical_core_count(), shares, [&](std::int64_t share) {
    const auto first = static_cast<std::size_t>(share) * kFilesAtOnce;
    for (std::size_t i = first; i < std::min(first + kFilesAtOnce, paths.size()); ++i)
      found[i] = inspect_among_others(paths[i]);
  });
  FileInfo files{folder, "folder of images", {}, {}};
  for (FileInfo& file : found) {
    std::ranges::move(file.images, std::back_inserter(files.images));
    std::ranges::move(file.refused, std::back_inserter(files.refused));
  }
  return files;
}

bool is_called_dicom(const ImageFile& file) {
  const auto dicom = std::ranges::find(formats(), &read_dicom, &Format::read);
  return file.stem == file.name || has(dicom->extensions, lower_extension(file.path));
}

// Where images lie in subfolders, that is what should be known of the folder.
void refuse_where_images_are_below(const std::filesystem::path& folder) {
  std::string names;
  int count = 0;
  for (const auto& below : folders_in(folder)) {
    if (std::ranges::all_of(image_files_below(below), is_called_dicom))
      continue;  // those have been looked at
    constexpr int kNamed = 3;
    if (++count <= kNamed) names += (names.empty() ? "" : ", ") + below.filename().string() + "/";
    if (count > kNamed) break;
  }
  if (count == 0) return;
  throw Error(ErrorKind::unsupported, folder.string() + ": its pictures lie in subfolders (" + names +
                                          (count > 3 ? ", ..." : "") + "): name one of them");
}

FileInfo inspect_folder(const std::filesystem::path& folder) {
  try {
    return inspect_dicom_folder(folder);
  } catch (const Error&) {
    FileInfo files = inspect_files(folder);
    if (!files.images.empty()) return files;
    if (files.refused.empty()) {
      refuse_where_images_are_below(folder);
      throw;
    }
    const auto& [name, reason] = files.refused.front();
    throw Error(ErrorKind::unsupported,
                folder.string() + ": none of its " + std::to_string(files.refused.size()) +
                    " images is read: " + std::filesystem::path(name).filename().string() + ": " + reason);
  }
}

}  // namespace

Volume read_volume(const std::filesystem::path& path, const ReadOptions& options) {
  return format_of(path).read(path, options);
}

std::optional<ShownPicture> read_shown(const std::filesystem::path& path, const ReadOptions& options) {
  if (format_of(path).read != read_picture) return std::nullopt;
  return read_shown_picture(path, options);
}

FileInfo inspect(const std::filesystem::path& path) { return format_of(path).inspect(path); }

std::int64_t count_frames(const std::filesystem::path& file) {
  const Format& format = format_of(file);
  if (format.count_frames == nullptr)
    throw Error(ErrorKind::usage, file.string() + ": is a folder, not one file");
  return format.count_frames(file);
}

}  // namespace sonde
