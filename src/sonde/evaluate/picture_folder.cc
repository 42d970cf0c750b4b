// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "sonde/core/error.h"
#include "sonde/evaluate/label_tasks.h"
#include "sonde/evaluate/layouts.h"
#include "sonde/io/data_files.h"
#include "sonde/io/label_grid.h"

namespace sonde {
namespace {

using FilesByStem = std::map<std::string, std::vector<ImageFile>>;

FilesByStem by_stem(const std::vector<ImageFile>& files) {
  FilesByStem stems;
  for (const ImageFile& file : files) stems[file.stem].push_back(file);
  return stems;
}

class Planner {
 public:
  Planner(const DataSetSource& source, const PlanOptions& options)
      : scheme_(read_label_scheme(source.path)), min_area_px_(options.min_area_px) {
    plan_.name = source.name;
    plan_.path = source.path;
  }

  void add_picture(const ImageFile& image, const std::vector<ImageFile>& masks) {
    ++plan_.pictures_found;
    if (masks.empty()) {
      fail(image.name, FailureKind::missing_mask, image.path.string() + ": no masks/" + image.stem + ".png");
      return;
    }
    if (masks.size() > 1) {
      fail(image.name, FailureKind::unreadable_mask,
           masks[0].path.string() + ": and " + masks[1].name + " are both the mask of " + image.name);
      return;
    }
    try {
      add_mask(image, masks[0]);
    } catch (const std::exception& error) {
      fail(image.name, FailureKind::unreadable_mask, reason_naming(masks[0].path, error));
    }
  }

  void add_lonely_mask(const ImageFile& mask) {
    ++plan_.pictures_found;
    fail(mask.name, FailureKind::missing_image, mask.path.string() + ": no image of that name in images/");
  }

  DataSetPlan finish() && {
    plan_.labels_absent = count_absent(seen_, scheme_);
    return std::move(plan_);
  }

 private:
  void fail(const std::string& image, FailureKind kind, const std::string& reason) {
    plan_.failures.push_back({plan_.name, image, std::nullopt, kind, reason});
  }

  void add_mask(const ImageFile& image, const ImageFile& mask) {
    const LabelMap map = read_label_map(mask.path);
    if (std::min({map.extent.x, map.extent.y, map.extent.z}) != 1) {
      throw Error(ErrorKind::unsupported,
                  mask.path.string() + ": is a volume: volumes are paired with labels/, not with masks/");
    }
    const LabelAreas areas = areas_of(map.labels);
    if (areas.empty()) {
      fail(image.name, FailureKind::empty_mask, mask.path.string() + ": all of it is background");
      return;
    }
    seen_.push_back(areas);
    const TruthFile truth{mask.path, "", TruthFile::Naming::plain};
    const auto unnamed = unnamed_labels(
        areas, scheme_, truth, {.dataset = plan_.name, .image = image.name, .label = {}, .reason = {}});
    plan_.failures.insert(plan_.failures.end(), unnamed.begin(), unnamed.end());
    TasksFound found = tasks_of(areas, min_area_px_, scheme_, truth);
    plan_.labels_below_area += found.below_area;
    if (found.tasks.empty()) return;
    plan_.cases.push_back(
        {plan_.name, image.name, image.path, std::nullopt, std::move(found.tasks), {mask.path}});
  }

  DataSetPlan plan_;
  LabelScheme scheme_;
  std::int64_t min_area_px_;
  std::vector<LabelAreas> seen_;
};

// Of several masks of one ID the one with the image's own name is meant.
std::vector<ImageFile> masks_for(const ImageFile& image, const FilesByStem& masks) {
  const auto found = masks.find(image.stem);
  if (found == masks.end()) return {};
  const auto same = std::ranges::find(found->second, image.name, &ImageFile::name);
  if (same != found->second.end()) return {*same};
  return found->second;
}

}  // namespace

DataSetPlan plan_picture_folder(const DataSetSource& source, const PlanOptions& options,
                                const Progress& progress) {
  Planner planner(source, options);
  const auto images = image_files(source.path / "images");
  const auto masks = image_files(source.path / "masks");
  const FilesByStem masks_by_stem = by_stem(masks);
  std::int64_t done = 0;
  for (const ImageFile& image : images) {
    planner.add_picture(image, masks_for(image, masks_by_stem));
    if (progress) progress({source.name, ++done, static_cast<std::int64_t>(images.size())});
  }
  const FilesByStem images_by_stem = by_stem(images);
  for (const ImageFile& mask : masks) {
    if (!images_by_stem.contains(mask.stem)) planner.add_lonely_mask(mask);
  }
  return std::move(planner).finish();
}

}  // namespace sonde
