// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/data_files.h"

#include <algorithm>
#include <set>

#include "sonde/core/bytes.h"
#include "sonde/core/cause.h"
#include "sonde/core/error.h"
#include "sonde/core/natural_order.h"
#include "sonde/core/text.h"
#include "sonde/io/dicom/meta.h"
#include "sonde/io/formats.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

bool is_marked_as_dicom(const std::filesystem::path& path) {
  constexpr std::size_t kPreambleBytes = 132;
  try {
    return has_dicom_preamble(read_head(path, kPreambleBytes));
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::optional<std::string> image_stem(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const std::string extension = lower_extension(path);
  const auto reads = [&](const Format& format) { return has(format.extensions, extension); };
  if (std::ranges::none_of(formats(), reads) || extension.size() >= name.size()) return std::nullopt;
  return name.substr(0, name.size() - extension.size());
}

std::vector<ImageFile> image_files(const std::filesystem::path& folder) {
  std::vector<ImageFile> files;
  std::error_code failed;
  std::filesystem::directory_iterator entries(folder, failed);
  for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
    const std::filesystem::path& path = entries->path();
    const std::string name = path.filename().string();
    if (name.starts_with('.')) continue;
    std::error_code unknown;
    const auto status = entries->status(unknown);
    // A broken link is a file that cannot be read, which is reported later.
    if (!std::filesystem::is_regular_file(status) && std::filesystem::exists(status)) continue;
    if (auto stem = image_stem(path))
      files.push_back({path, name, std::move(*stem)});
    else if (is_marked_as_dicom(path))
      files.push_back({path, name, name});
  }
  if (failed)
    throw Error(ErrorKind::unavailable, folder.string() + ": cannot be listed: " + failed.message());
  std::ranges::sort(files,
                    [](const ImageFile& a, const ImageFile& b) { return name_before(a.name, b.name); });
  return files;
}

std::vector<ImageFile> image_files_below(const std::filesystem::path& folder) {
  std::vector<ImageFile> files;
  std::set<std::filesystem::path> seen;  // a link may lead back
  std::error_code failed;
  const auto search = [&](const auto& search_again, const std::filesystem::path& from,
                          const std::string& prefix) -> void {
    if (!seen.insert(std::filesystem::weakly_canonical(from, failed)).second) return;
    for (ImageFile& file : image_files(from))
      files.push_back({file.path, prefix + file.name, prefix + file.stem});
    for (const auto& entry : std::filesystem::directory_iterator(from, failed)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with('.') && entry.is_directory(failed))
        search_again(search_again, entry.path(), prefix + name + '/');
    }
  };
  search(search, folder, "");
  std::ranges::sort(files,
                    [](const ImageFile& a, const ImageFile& b) { return name_before(a.name, b.name); });
  return files;
}

std::string reason_naming(const std::filesystem::path& file, const std::exception& error) {
  const std::string name = file.string();
  std::string reason = cause_of(error);
  if (reason.find(name) == std::string::npos) reason = name + ": " + reason;
  std::ranges::replace_if(
      reason, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return reason;
}

}  // namespace sonde
