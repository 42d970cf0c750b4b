// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "sonde/core/error.h"
#include "sonde/evaluate/case_content.h"
#include "sonde/evaluate/label_tasks.h"
#include "sonde/evaluate/layouts.h"
#include "sonde/io/data_files.h"
#include "sonde/io/masks/label_grid.h"
#include "sonde/io/masks/mask_pairs.h"

namespace sonde {
namespace {

// A word that says no more than that it is a mask names no label.
std::string label_of(const MaskSuffix& suffix) {
  return suffix.number.empty() && is_mask_word(suffix.label) ? "" : suffix.text();
}

const MaskFile* twin_of(const MaskFile& mask, const std::vector<MaskFile>& masks) {
  const auto twin = std::ranges::find_if(masks, [&](const MaskFile& other) {
    return &other != &mask && label_of(other.suffix) == label_of(mask.suffix);
  });
  return twin == masks.end() ? nullptr : &*twin;
}

class Planner {
 public:
  Planner(const DataSetSource& source, const PlanOptions& options, const MaskPairs& pairs)
      : scheme_(read_label_scheme(source.path)),
        min_area_px_(options.min_area_px),
        frame_of_reference_(options.frame_of_reference) {
    plan_.name = source.name;
    plan_.path = source.path;
    plan_.notes = notes_of(source.layout, pairs);
    std::set<std::string> suffixes;
    for (const auto& [image, masks] : pairs.images)
      for (const MaskFile& mask : masks) suffixes.insert(label_of(mask.suffix));
    if (suffixes.size() > 1) naming_ = TruthFile::Naming::with_suffix;
  }

  void add_picture(const ImageFile& image, const std::vector<MaskFile>& masks) {
    ++plan_.pictures_found;
    if (masks.empty()) {
      fail(image.name, FailureKind::missing_mask,
           image.path.string() + ": no masks/" + image.stem + ".png or masks/" + image.stem + "_SUFFIX.png");
      return;
    }
    Picture picture;
    for (const MaskFile& mask : masks) {
      if (const MaskFile* other = twin_of(mask, masks)) {
        fail(image.name, FailureKind::unreadable_mask,
             mask.file.path.string() + ": and " + other->file.name + " are both the mask of " + image.name);
        return;
      }
      try {
        add_mask(image, mask, picture);
      } catch (const std::exception& error) {
        fail(image.name, FailureKind::unreadable_mask, reason_naming(mask.file.path, error));
      }
    }
    add_case(image, std::move(picture));
  }

  void add_lonely_mask(const LonelyMask& mask) {
    ++plan_.pictures_found;
    fail(mask.file.name, FailureKind::missing_image, mask.file.path.string() + ": " + mask.reason);
  }

  DataSetPlan finish() && {
    for (const auto& [suffix, masks] : seen_) plan_.labels_absent += count_absent(masks, scheme_);
    return std::move(plan_);
  }

 private:
  void fail(const std::string& image, FailureKind kind, const std::string& reason) {
    plan_.failures.push_back({plan_.name, image, std::nullopt, kind, reason});
  }

  // What the masks of a picture ask for.
  struct Picture {
    std::vector<StudyTask> tasks;
    std::vector<std::filesystem::path> truth_files;
  };

  void add_mask(const ImageFile& image, const MaskFile& mask, Picture& picture) {
    const std::filesystem::path& path = mask.file.path;
    const LabelLayers labels = read_labels(path, {image.path, {}, frame_of_reference_});
    const Extent3 extent = labels.layers[0].geometry.extent;
    if (std::min({extent.x, extent.y, extent.z}) != 1) {
      throw Error(ErrorKind::unsupported,
                  path.string() + ": is a volume: volumes are paired with labels/, not with masks/");
    }
    picture.truth_files.push_back(path);
    const LabelAreas areas = areas_of(labels);
    if (areas.empty()) {
      fail(image.name, FailureKind::empty_mask, path.string() + ": all of it is background");
      return;
    }
    for (const std::string& note : labels.notes) plan_.notes.push_back(path.string() + ": " + note);
    const LabelScheme scheme = with_names(scheme_, labels.names);
    const TruthFile truth{path, label_of(mask.suffix), naming_};
    seen_[truth.suffix].push_back(areas);
    const auto unnamed = unnamed_labels(
        areas, scheme, truth, {.dataset = plan_.name, .image = image.name, .label = {}, .reason = {}});
    plan_.failures.insert(plan_.failures.end(), unnamed.begin(), unnamed.end());
    TasksFound found = tasks_of(areas, min_area_px_, scheme, truth);
    plan_.labels_below_area += found.below_area;
    std::ranges::move(found.tasks, std::back_inserter(picture.tasks));
  }

  void add_case(const ImageFile& image, Picture picture) {
    if (picture.tasks.empty()) return;
    std::ranges::sort(picture.tasks, task_before);
    const CaseContent content = content_of_case(image.path, picture.truth_files);
    plan_.cases.push_back({plan_.name, image.name, image.path, std::nullopt, std::move(picture.tasks),
                           std::move(picture.truth_files), content});
  }

  DataSetPlan plan_;
  LabelScheme scheme_;
  std::int64_t min_area_px_;
  FrameOfReference frame_of_reference_;
  TruthFile::Naming naming_ = TruthFile::Naming::plain;
  std::map<std::string, std::vector<LabelAreas>> seen_;  // by what the names of masks say of their labels
};

}  // namespace

DataSetPlan plan_picture_folder(const DataSetSource& source, const PlanOptions& options,
                                const Progress& progress) {
  const MaskPairs pairs =
      pair_masks(image_files_below(source.layout.images), image_files_below(source.layout.masks));
  Planner planner(source, options, pairs);
  std::int64_t done = 0;
  for (const auto& [image, masks] : pairs.images) {
    planner.add_picture(image, masks);
    if (progress) progress({source.name, ++done, static_cast<std::int64_t>(pairs.images.size())});
  }
  for (const LonelyMask& mask : pairs.lonely) planner.add_lonely_mask(mask);
  return std::move(planner).finish();
}

}  // namespace sonde
