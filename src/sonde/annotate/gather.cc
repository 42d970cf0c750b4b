// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/gather.h"

#include <algorithm>
#include <glob.h>
#include <set>
#include <tuple>

#include "sonde/annotate/gather_names.h"
#include "sonde/core/bytes.h"
#include "sonde/core/cause.h"
#include "sonde/core/error.h"
#include "sonde/core/natural_order.h"
#include "sonde/core/text.h"
#include "sonde/io/data_files.h"
#include "sonde/io/dicom/meta.h"
#include "sonde/io/dicom/series.h"
#include "sonde/io/masks/mask_names.h"
#include "sonde/io/masks/set_layout.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 100'000;

bool path_before(const fs::path& a, const fs::path& b) {
  return std::lexicographical_compare(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const fs::path& x, const fs::path& y) { return name_before(x.native(), y.native()); });
}

// Absolute, so that a project opens from anywhere; without the slash at the end.
fs::path plain_path(const fs::path& path) {
  const fs::path absolute = fs::absolute(path).lexically_normal();
  return absolute.has_filename() ? absolute : absolute.parent_path();
}

std::string reason_of(const fs::path& path, const std::exception& error) {
  const std::string reason = cause_of(error);
  const std::string prefix = path.string() + ": ";
  return one_line(reason.starts_with(prefix) ? reason.substr(prefix.size()) : reason);
}

std::vector<std::string> matches_of(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0)
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  std::ranges::sort(paths, path_before);
  return paths;
}

// A data set of the study keeps its images in images/, and beside them their masks.
fs::path images_of(const fs::path& folder) {
  const SetLayout layout = layout_in(folder);
  return layout.is_data_set() ? layout.images : folder;
}

bool is_dicom(const fs::path& file) {
  constexpr std::size_t kHeadBytes = 2048;
  try {
    return looks_like_dicom(read_head(file, kHeadBytes));
  } catch (const Error&) {
    return false;  // looking at its frames will say why
  }
}

// An image, or a row of frames, without its name.
struct Entry {
  fs::path first_file;
  ImageSource source;
  std::string title;  // of a DICOM series
  std::int64_t frame_count = 1;
};

class Gatherer {
 public:
  void add(const std::string& text) {
    std::error_code unknown;
    if (fs::exists(fs::status(text, unknown))) {
      add_path(plain_path(text));
      return;
    }
    const auto matches = matches_of(text);
    for (const std::string& match : matches) add_path(plain_path(match));
    if (matches.empty())
      gathered_.refused.push_back({text, "no such file or folder"});
    else
      led_somewhere_ = true;
  }

  GatheredImages finish() &&;

 private:
  using Identity = std::tuple<fs::path, std::string, std::int64_t>;

  void add_path(const fs::path& path) {
    led_somewhere_ = true;
    std::error_code unknown;
    if (fs::is_directory(path, unknown))
      add_folder(images_of(path));
    else
      add_entries(is_dicom(path) ? dicom_entries({path}) : file_entries({path}));
  }

  void add_folder(const fs::path& folder);
  std::vector<fs::path> files_of(const fs::path& folder);
  std::vector<Entry> file_entries(const std::vector<fs::path>& files);
  std::vector<Entry> dicom_entries(const std::vector<fs::path>& files);
  void add_entries(std::vector<Entry> entries);

  std::vector<Entry> entries_;
  std::set<Identity> known_;
  GatheredImages gathered_;
  bool led_somewhere_ = false;
};

std::vector<fs::path> Gatherer::files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  fs::recursive_directory_iterator at(folder, failed);
  for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
    std::error_code unknown;
    if (at->path().filename().native().starts_with('.')) {
      if (at->is_directory(unknown)) at.disable_recursion_pending();
    } else if (!at->is_directory(unknown)) {
      files.push_back(at->path());
    }
    if (files.size() > kMaxFiles) {
      gathered_.refused.push_back({folder, "holds more than " + std::to_string(kMaxFiles) + " files"});
      return {};
    }
  }
  if (failed) gathered_.refused.push_back({folder, "cannot be listed: " + failed.message()});
  std::ranges::sort(files, path_before);
  return files;
}

void Gatherer::add_folder(const fs::path& folder) {
  std::vector<fs::path> dicom;
  std::vector<fs::path> others;
  const bool has_masks = has_folder_per_patient(folder);
  for (const fs::path& file : files_of(folder)) {
    if (has_masks && is_named_as_mask(image_stem(file).value_or(""))) continue;
    std::error_code unknown;
    // Reading a series again will not follow links either.
    if (is_dicom(file) && !fs::is_symlink(file, unknown))
      dicom.push_back(file);
    else if (image_stem(file))
      others.push_back(file);
  }
  auto entries = file_entries(others);
  for (Entry& entry : dicom_entries(dicom)) entries.push_back(std::move(entry));
  if (dicom.empty() && others.empty()) gathered_.refused.push_back({folder, "holds no image"});
  std::ranges::stable_sort(entries, path_before, &Entry::first_file);
  add_entries(std::move(entries));
}

std::vector<Entry> Gatherer::file_entries(const std::vector<fs::path>& files) {
  std::vector<Entry> entries;
  for (const fs::path& file : files) {
    try {
      const std::int64_t frame_count = count_frames(file);
      entries.push_back({file, {.path = file, .series = {}, .name = {}}, "", frame_count});
    } catch (const std::exception& error) {
      gathered_.refused.push_back({file, reason_of(file, error)});
    }
  }
  return entries;
}

std::vector<Entry> Gatherer::dicom_entries(const std::vector<fs::path>& files) {
  DicomSeriesFound found = find_dicom_series(files);
  std::vector<Entry> entries;
  for (const DicomSeries& series : found.series) {
    if (series.info.modality == "SEG")
      found.refused.push_back({series.path, "is a segmentation, which is imported as masks"});
    else
      entries.push_back({series.first_file,
                         {.path = series.path, .series = series.series, .name = {}},
                         one_line(series.info.title),
                         series.info.frame_count});
  }
  for (Refusal& refusal : found.refused) gathered_.refused.push_back(std::move(refusal));
  return entries;
}

void Gatherer::add_entries(std::vector<Entry> entries) {
  for (Entry& entry : entries) {
    if (known_.insert({entry.source.path, entry.source.series, 0}).second)
      entries_.push_back(std::move(entry));
  }
}

GatheredImages Gatherer::finish() && {
  std::vector<ImagePlace> places;
  for (const Entry& entry : entries_) places.push_back({entry.source.path, entry.title});
  const auto names = unique_names(places);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    ImageSource source = entries_[i].source;
    for (std::int64_t frame = 0; frame < entries_[i].frame_count; ++frame) {
      source.frame = frame;
      source.name = entries_[i].frame_count == 1 ? names[i] : names[i] + "#frame:" + std::to_string(frame);
      gathered_.images.push_back(source);
    }
  }
  if (gathered_.images.empty() && !gathered_.refused.empty()) {
    const Refusal& first = gathered_.refused.front();
    throw Error(led_somewhere_ ? ErrorKind::unsupported : ErrorKind::not_found,
                first.name + ": " + first.reason +
                    (gathered_.refused.size() == 1
                         ? ""
                         : " (and " + std::to_string(gathered_.refused.size() - 1) + " others)"));
  }
  return std::move(gathered_);
}

}  // namespace

GatheredImages gather_images(std::span<const std::string> paths) {
  Gatherer gatherer;
  for (const std::string& path : paths) gatherer.add(path);
  return std::move(gatherer).finish();
}

}  // namespace sonde
