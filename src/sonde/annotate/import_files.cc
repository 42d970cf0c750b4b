// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/import_files.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "sonde/annotate/export_names.h"
#include "sonde/core/error.h"
#include "sonde/io/data_files.h"
#include "sonde/io/dicom/seg.h"
#include "sonde/io/masks/mask_names.h"
#include "sonde/io/masks/mask_pairs.h"
#include "sonde/io/masks/set_layout.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

// Images by the names that masks may have: that of their exports, and their file's own where it is the only
// one. Absent: several images.
using ImagesByStem = std::map<std::string, std::optional<ImageId>>;

constexpr std::size_t kFoldersInNames = 4;  // that masks and images share

ImagesByStem images_by_stem(std::span<const ImageSummary> images) {
  ImagesByStem by_stem;
  for (const ImageSummary& image : images) {
    const std::string own = image_stem(image.source.path).value_or(image.source.path.filename().string());
    fs::path name = own;
    fs::path above = image.source.path.parent_path();
    for (std::size_t depth = 0; depth < kFoldersInNames && !name.empty(); ++depth) {
      const auto [entry, is_new] = by_stem.try_emplace(name.string(), image.id);
      if (!is_new && entry->second != image.id) entry->second = std::nullopt;
      name = above.has_filename() ? above.filename() / name : fs::path();
      above = above.parent_path();
    }
  }
  const auto stems = file_stems(images);
  for (std::size_t i = 0; i < images.size(); ++i) by_stem[stems[i]] = images[i].id;
  return by_stem;
}

std::string without_number(const std::string& text) {  // "003_liver"
  const std::size_t end = text.find_first_not_of("0123456789");
  return end != 0 && end != std::string::npos && text[end] == '_' ? text.substr(end + 1) : text;
}

// "liver_axial_071" is slice 71 of "liver".
struct SliceName {
  std::string rest;
  std::optional<PlaneRef> slice;
};
SliceName slice_name_of(const std::string& text) {
  for (const Axis axis : {Axis::axial, Axis::coronal, Axis::sagittal}) {
    const std::string word = std::string(to_string(axis)) + "_";
    const std::size_t at = text.rfind(word);
    if (at == std::string::npos || (at > 0 && text[at - 1] != '_')) continue;
    const std::string digits = text.substr(at + word.size());
    std::int64_t slice = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), slice);
    if (fault != std::errc() || end != digits.data() + digits.size()) continue;
    return {at == 0 ? "" : text.substr(0, at - 1), PlaneRef{axis, slice}};
  }
  return {text, std::nullopt};
}

class Finder {
 public:
  explicit Finder(std::span<const ImageSummary> images) : images_(images), by_stem_(images_by_stem(images)) {
    for (const auto& [stem, image] : by_stem_) names_.add(stem);
    for (const ImageSummary& image : images) by_path_[image.source.path.string()].push_back(image.id);
  }

  // An image lies where masks are sought.
  bool is_image(const ImageFile& file) const { return !images_at(file.path).empty(); }

  // A folder a patient, as a study takes it.
  void add_pairs(const MaskPairs& pairs) {
    for (const auto& [image, masks] : pairs.images) {
      const std::vector<ImageId> of_project = images_at(image.path);
      for (const MaskFile& mask : masks) {
        if (of_project.size() == 1)
          add(of_project.front(), mask.file, mask.suffix.label);
        else
          fail(mask.file, of_project.empty() ? "the project does not have its image, " + image.name
                                             : "its image, " + image.name + ", has several frames");
      }
    }
    for (const LonelyMask& mask : pairs.lonely) fail(mask.file, mask.reason);
  }

  // Where masks lie in folders of their own, those of the images have the same names, unless it is the folder
  // STEM/ of an image's objects, 003_LABEL.png.
  void add_file(const ImageFile& file) {
    const std::size_t name = file.stem.rfind('/') + 1;
    const auto found = names_.image_of(file.stem);
    if (!found && name > 0) {
      const std::string folder = file.stem.substr(0, name - 1);
      const auto objects_of = by_stem_.find(folder.substr(folder.rfind('/') + 1));
      if (objects_of != by_stem_.end() && objects_of->second) {
        add(*objects_of->second, file, file.stem.substr(name));
        return;
      }
    }
    if (!found) {
      add_unnamed(file);
      return;
    }
    const auto image = by_stem_.at(found->image);
    if (!image)
      fail(file, "several images have this name");
    else
      add(*image, file, found->suffix.label);
  }

  FoundMasks finish(const fs::path& labels_folder) && {
    FoundMasks found{{}, std::move(failures_), labels_folder};
    for (auto& [key, group] : groups_) {
      group.suffix = without_number(group.suffix);
      found.groups.push_back(std::move(group));
    }
    return found;
  }

 private:
  std::vector<ImageId> images_at(const fs::path& file) const {
    const auto found = by_path_.find(fs::absolute(file).lexically_normal().string());
    return found == by_path_.end() ? std::vector<ImageId>() : found->second;
  }

  void fail(const ImageFile& file, const std::string& reason) { failures_.push_back({file.name, reason}); }

  void add(ImageId image, const ImageFile& file, const std::string& suffix) {
    const SliceName name = slice_name_of(suffix);
    const std::string rest = name.slice ? name.rest : suffix;
    // Slices are one mask; other files stay themselves.
    const std::string key = name.slice ? (file.path.parent_path() / rest).string() : file.path.string();
    MaskGroup& group = groups_[{image, key}];
    group.image = image;
    group.suffix = rest;
    group.files.push_back({file.path, name.slice});
  }

  void add_unnamed(const ImageFile& file) {
    if (is_dicom_seg(file.path)) {
      const std::string series = read_dicom_seg(file.path).series_uid;
      const auto source = std::ranges::find_if(images_, [&](const ImageSummary& image) {
        return !series.empty() && image.source.series == series;
      });
      if (source != images_.end()) {
        add(source->id, file, "");
        return;
      }
    }
    fail(file, "no image of the project has a name that this one begins with");
  }

  std::span<const ImageSummary> images_;
  ImagesByStem by_stem_;
  ImageNames names_;
  std::map<std::string, std::vector<ImageId>> by_path_;  // frames of a file share it
  std::map<std::pair<ImageId, std::string>, MaskGroup> groups_;
  std::vector<Refusal> failures_;
};

// The masks of an only image may have any name.
FoundMasks one_file(const fs::path& path, std::span<const ImageSummary> images) {
  const ImageFile file{path, path.filename().string(), image_stem(path).value_or(path.filename().string())};
  fs::path folder = path.parent_path();
  if (!fs::exists(folder / "labels.json")) folder = folder.parent_path();
  Finder finder(images);
  finder.add_file(file);
  FoundMasks found = std::move(finder).finish(folder);
  if (found.groups.empty() && images.size() == 1)
    return {{MaskGroup{images.front().id, "", {{path, std::nullopt}}}}, {}, folder};
  return found;
}

}  // namespace

FoundMasks find_masks(const fs::path& path, std::span<const ImageSummary> images) {
  std::error_code unknown;
  if (!fs::exists(path, unknown))
    throw Error(ErrorKind::not_found, path.string() + ": no such file or folder");
  if (!fs::is_directory(path, unknown)) return one_file(fs::absolute(path), images);
  const SetLayout layout = layout_in(path);
  const bool has_parts = !layout.masks.empty() || !layout.labels.empty();
  std::vector<fs::path> folders{path};
  if (has_parts) folders = {layout.masks, layout.labels};
  Finder finder(images);
  if (!has_parts && has_folder_per_patient(path)) {
    finder.add_pairs(pair_in_folders(image_files_below(path)));
    folders.clear();
  }
  for (const fs::path& folder : folders) {
    if (folder.empty()) continue;
    for (const ImageFile& file : image_files_below(folder))
      if (!finder.is_image(file)) finder.add_file(file);
  }
  const bool inside = !has_parts && !fs::exists(path / "labels.json", unknown);
  return std::move(finder).finish(inside ? fs::absolute(path).lexically_normal().parent_path() : path);
}

}  // namespace sonde
