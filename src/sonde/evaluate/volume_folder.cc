// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "sonde/core/error.h"
#include "sonde/evaluate/case_content.h"
#include "sonde/evaluate/label_tasks.h"
#include "sonde/evaluate/layouts.h"
#include "sonde/evaluate/results.h"
#include "sonde/io/data_files.h"
#include "sonde/io/masks/label_grid.h"
#include "sonde/io/masks/mask_pairs.h"
#include "sonde/io/read.h"

namespace sonde {
namespace {

class Planner {
 public:
  Planner(const DataSetSource& source, const PlanOptions& options, const MaskPairs& pairs)
      : scheme_(read_label_scheme(source.path)), options_(options) {
    plan_.name = source.name;
    plan_.path = source.path;
    plan_.notes = notes_of(source.layout, pairs);
    std::set<std::string> suffixes;
    for (const auto& [image, labels] : pairs.images)
      for (const MaskFile& label : labels) suffixes.insert(label.suffix.text());
    if (suffixes.size() > 1) naming_ = TruthFile::Naming::with_suffix;
    for (const auto& [file, reason] : pairs.lonely)
      fail_whole(file.name, FailureKind::missing_image, file.path.string() + ": " + reason);
  }

  void add_image(const ImageFile& image, const std::vector<MaskFile>& labels) {
    if (labels.empty()) {
      fail_whole(
          image.name, FailureKind::missing_mask,
          image.path.string() + ": no labels/" + image.stem + ".EXT or labels/" + image.stem + "_SUFFIX.EXT");
      return;
    }
    try {
      add_labels(image, inspect(image.path).images.at(0).geometry, labels);
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
    ImageGeometry grid;
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

  void add_labels(const ImageFile& image, const ImageGeometry& grid, const std::vector<MaskFile>& labels) {
    const SlicePlane plane = slice_plane(grid, options_.axis);
    Slices slices{grid, plane, {}, {}};
    const auto first_volume = static_cast<std::ptrdiff_t>(plan_.volumes.size());
    std::vector<std::filesystem::path> truth_files;
    for (const MaskFile& label : labels) {
      const auto twin = std::ranges::find_if(labels, [&](const MaskFile& other) {
        return other.suffix.text() == label.suffix.text() && other.file.path != label.file.path;
      });
      if (twin != labels.end()) {
        fail(image.name, FailureKind::unreadable_mask,
             label.file.path.string() + ": and " + twin->file.name + " are both the same labels of " +
                 image.name);
      } else if (add_label_file(image, label, slices)) {
        truth_files.push_back(label.file.path);
      }
    }
    const CaseContent content = content_of_case(image.path, truth_files);
    for (auto volume = plan_.volumes.begin() + first_volume; volume != plan_.volumes.end(); ++volume)
      volume->content = content;
    plan_.pictures_found += std::max<std::int64_t>(1, static_cast<std::int64_t>(slices.labelled.size()));
    for (auto& [number, tasks] : slices.tasks) {
      std::ranges::sort(tasks, task_before);
      StudyCase picture{plan_.name,       image.name,  image.path, std::nullopt,
                        std::move(tasks), truth_files, content};
      if (!is_plain(grid)) {
        picture.slice = {plane.axis, number};
        picture.image.append(1, '#')
            .append(to_string(plane.axis))
            .append(1, ':')
            .append(std::to_string(number));
      }
      plan_.cases.push_back(std::move(picture));
    }
  }

  // Adds what the file has to `slices`. False: it cannot be used, which is a failure.
  bool add_label_file(const ImageFile& image, const MaskFile& label, Slices& slices) {
    const ImageGeometry& grid = slices.grid;
    try {
      LabelLayers stored = read_labels(label.file.path, {image.path, {}, options_.frame_of_reference});
      const ImageGeometry stored_grid = stored.layers[0].geometry;
      const auto labels = on_grid(std::move(stored), grid);
      if (!labels) {
        fail(image.name, FailureKind::size_mismatch,
             label.file.path.string() + ": " + mismatch(stored_grid, image.name, grid));
        return false;
      }
      for (const std::string& note : labels->notes)
        plan_.notes.push_back(label.file.path.string() + ": " + note);
      if (areas_of(*labels).empty())
        fail(image.name, FailureKind::empty_mask, label.file.path.string() + ": all of it is background");
      else
        add_slices(image, {label.file.path, label.suffix.text(), naming_}, *labels, slices);
      return true;
    } catch (const std::exception& error) {
      fail(image.name, FailureKind::unreadable_mask, reason_naming(label.file.path, error));
      return false;
    }
  }

  void add_slices(const ImageFile& image, const TruthFile& truth, const LabelLayers& labels, Slices& slices) {
    const SlicePlane& plane = slices.plane;
    const LabelScheme scheme = with_names(scheme_, labels.names);
    const LabelAreas voxels = areas_of(labels);
    seen_[truth.suffix].push_back(voxels);
    const auto unnamed = unnamed_labels(
        voxels, scheme, truth, {.dataset = plan_.name, .image = image.name, .label = {}, .reason = {}});
    plan_.failures.insert(plan_.failures.end(), unnamed.begin(), unnamed.end());
    std::set<std::int64_t> values_with_tasks;
    for (std::int64_t number = 0; number < plane.slice_count; ++number) {
      LabelAreas areas;
      for (const LabelMap& layer : labels.layers) areas.merge(areas_of(slice_labels(layer, plane, number)));
      if (areas.empty()) continue;
      slices.labelled.insert(number);
      TasksFound found = tasks_of(areas, options_.min_area_px, scheme, truth);
      plan_.labels_below_area += found.below_area;
      for (StudyTask& task : found.tasks) {
        values_with_tasks.insert(value_of(task));
        slices.tasks[number].push_back(std::move(task));
      }
    }
    if (is_plain(slices.grid) || plane.slice_count == 1) return;  // one slice is not a volume
    for (const std::int64_t value : values_with_tasks) {
      plan_.volumes.push_back(
          {plan_.name, image.name, image.path, plane.axis, task_of(value, voxels.at(value), scheme, truth)});
    }
  }

  DataSetPlan plan_;
  LabelScheme scheme_;
  PlanOptions options_;
  TruthFile::Naming naming_ = TruthFile::Naming::plain;
  std::map<std::string, std::vector<LabelAreas>> seen_;  // by suffix
};

DataSetPlan plan_pairs(const DataSetSource& source, const PlanOptions& options, const MaskPairs& pairs,
                       const Progress& progress) {
  Planner planner(source, options, pairs);
  std::int64_t done = 0;
  for (const auto& [image, labels] : pairs.images) {
    planner.add_image(image, labels);
    if (progress) progress({source.name, ++done, static_cast<std::int64_t>(pairs.images.size())});
  }
  return std::move(planner).finish();
}

}  // namespace

DataSetPlan plan_volume_folder(const DataSetSource& source, const PlanOptions& options,
                               const Progress& progress) {
  const auto labels = image_files_below(source.layout.labels);
  return plan_pairs(source, options, pair_masks(image_files_below(source.layout.images), labels), progress);
}

DataSetPlan plan_patient_folders(const DataSetSource& source, const PlanOptions& options,
                                 const Progress& progress) {
  return plan_pairs(source, options, pair_in_folders(image_files_below(source.path)), progress);
}

}  // namespace sonde
