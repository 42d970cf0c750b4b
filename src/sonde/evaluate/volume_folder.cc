// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "sonde/core/error.h"
#include "sonde/evaluate/label_tasks.h"
#include "sonde/evaluate/layouts.h"
#include "sonde/evaluate/results.h"
#include "sonde/io/data_files.h"
#include "sonde/io/label_grid.h"
#include "sonde/io/read.h"

namespace sonde {
namespace {

struct LabelFile {
  ImageFile file;
  std::string suffix;
};
using LabelsByImage = std::map<std::string, std::vector<LabelFile>>;  // by the image's stem

class Planner {
 public:
  Planner(const DataSetSource& source, const PlanOptions& options)
      : scheme_(read_label_scheme(source.path)), options_(options) {
    plan_.name = source.name;
    plan_.path = source.path;
  }

  LabelsByImage pair(const std::vector<ImageFile>& images, const std::vector<ImageFile>& labels) {
    std::set<std::string> stems;
    for (const ImageFile& image : images) stems.insert(image.stem);
    LabelsByImage pairs;
    std::set<std::string> suffixes;
    for (const ImageFile& label : labels) {
      const auto stem = image_of_mask(label.stem, stems);
      if (!stem) {
        fail_whole(label.name, FailureKind::missing_image,
                   label.path.string() + ": no image in images/ has a name that this one begins with");
        continue;
      }
      const std::string suffix = label.stem == *stem ? "" : label.stem.substr(stem->size() + 1);
      suffixes.insert(suffix);
      pairs[*stem].push_back({label, suffix});
    }
    if (suffixes.size() > 1) naming_ = TruthFile::Naming::with_suffix;
    return pairs;
  }

  void add_image(const ImageFile& image, const std::vector<LabelFile>& labels) {
    if (labels.empty()) {
      fail_whole(
          image.name, FailureKind::missing_mask,
          image.path.string() + ": no labels/" + image.stem + ".EXT or labels/" + image.stem + "_SUFFIX.EXT");
      return;
    }
    try {
      const ImageInfo info = inspect(image.path).images.at(0);
      add_labels(image, {info.extent, info.mm_from_voxel}, labels);
    } catch (const std::exception& error) {
      fail_whole(image.name, FailureKind::unreadable_image, reason_naming(image.path, error));
    }
  }

  DataSetPlan finish() && {
    for (const auto& [suffix, masks] : seen_) plan_.labels_absent += count_absent(masks, scheme_);
    return std::move(plan_);
  }

 private:
  // Slices of one image: their tasks, and those that carry a label.
  struct Slices {
    Grid grid;
    SlicePlane plane;
    std::map<std::int64_t, std::vector<StudyTask>> tasks;
    std::set<std::int64_t> labelled;
  };

  void fail(const std::string& image, FailureKind kind, const std::string& reason) {
    plan_.failures.push_back({plan_.name, image, std::nullopt, kind, reason});
  }
  void fail_whole(const std::string& image, FailureKind kind, const std::string& reason) {
    ++plan_.pictures_found;
    fail(image, kind, reason);
  }

  void add_labels(const ImageFile& image, const Grid& grid, const std::vector<LabelFile>& labels) {
    const SlicePlane plane = slice_plane(grid, options_.axis);
    Slices slices{grid, plane, {}, {}};
    std::vector<std::filesystem::path> truth_files;
    for (const LabelFile& label : labels) {
      const auto twin = std::ranges::find_if(labels, [&](const LabelFile& other) {
        return other.suffix == label.suffix && other.file.path != label.file.path;
      });
      if (twin != labels.end()) {
        fail(image.name, FailureKind::unreadable_mask,
             label.file.path.string() + ": and " + twin->file.name + " are both the same labels of " +
                 image.name);
      } else if (add_label_file(image, label, slices)) {
        truth_files.push_back(label.file.path);
      }
    }
    plan_.pictures_found += std::max<std::int64_t>(1, static_cast<std::int64_t>(slices.labelled.size()));
    for (auto& [number, tasks] : slices.tasks) {
      std::ranges::sort(tasks, task_before);
      StudyCase picture{plan_.name, image.name, image.path, std::nullopt, std::move(tasks), truth_files};
      if (!is_plain(grid)) {
        picture.slice = {plane.axis, number};
        picture.image.append(1, '#')
            .append(name_of(plane.axis))
            .append(1, ':')
            .append(std::to_string(number));
      }
      plan_.cases.push_back(std::move(picture));
    }
  }

  // Adds what the file has to `slices`. False: it cannot be used, which is a failure.
  bool add_label_file(const ImageFile& image, const LabelFile& label, Slices& slices) {
    const Grid& grid = slices.grid;
    try {
      const LabelMap stored = read_label_map(label.file.path);
      const auto map = on_grid(stored, grid);
      if (!map) {
        fail(image.name, FailureKind::size_mismatch,
             label.file.path.string() + ": " + describe(Grid{stored.extent, stored.mm_from_voxel}) +
                 ", but " + image.name + " is " + describe(grid));
        return false;
      }
      const LabelAreas voxels = areas_of(map->labels);
      if (voxels.empty())
        fail(image.name, FailureKind::empty_mask, label.file.path.string() + ": all of it is background");
      else
        add_slices(image, {label.file.path, label.suffix, naming_}, *map, slices);
      return true;
    } catch (const std::exception& error) {
      fail(image.name, FailureKind::unreadable_mask, reason_naming(label.file.path, error));
      return false;
    }
  }

  void add_slices(const ImageFile& image, const TruthFile& truth, const LabelMap& map, Slices& slices) {
    const SlicePlane& plane = slices.plane;
    const LabelAreas voxels = areas_of(map.labels);
    seen_[truth.suffix].push_back(voxels);
    const auto unnamed = unnamed_labels(
        voxels, scheme_, truth, {.dataset = plan_.name, .image = image.name, .label = {}, .reason = {}});
    plan_.failures.insert(plan_.failures.end(), unnamed.begin(), unnamed.end());
    std::set<std::int64_t> values_with_tasks;
    for (std::int64_t number = 0; number < plane.slice_count; ++number) {
      const LabelAreas areas = areas_of(slice_labels(map, plane, number));
      if (areas.empty()) continue;
      slices.labelled.insert(number);
      TasksFound found = tasks_of(areas, options_.min_area_px, scheme_, truth);
      plan_.labels_below_area += found.below_area;
      for (StudyTask& task : found.tasks) {
        values_with_tasks.insert(value_of(task));
        slices.tasks[number].push_back(std::move(task));
      }
    }
    if (is_plain(slices.grid) || plane.slice_count == 1) return;  // one slice is no volume
    for (const std::int64_t value : values_with_tasks) {
      plan_.volumes.push_back(
          {plan_.name, image.name, image.path, plane.axis, task_of(value, voxels.at(value), scheme_, truth)});
    }
  }

  DataSetPlan plan_;
  LabelScheme scheme_;
  PlanOptions options_;
  TruthFile::Naming naming_ = TruthFile::Naming::plain;
  std::map<std::string, std::vector<LabelAreas>> seen_;  // by suffix
};

}  // namespace

DataSetPlan plan_volume_folder(const DataSetSource& source, const PlanOptions& options,
                               const Progress& progress) {
  Planner planner(source, options);
  const auto images = image_files(source.path / "images");
  LabelsByImage pairs = planner.pair(images, image_files(source.path / "labels"));
  std::int64_t done = 0;
  for (const ImageFile& image : images) {
    planner.add_image(image, pairs[image.stem]);
    if (progress) progress({source.name, ++done, static_cast<std::int64_t>(images.size())});
  }
  return std::move(planner).finish();
}

}  // namespace sonde
