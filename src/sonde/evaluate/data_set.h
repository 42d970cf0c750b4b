// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sonde/core/progress.h"
#include "sonde/evaluate/task.h"
#include "sonde/io/dicom/seg.h"

namespace sonde {

struct PlanOptions {
  std::int64_t min_area_px = 1;       // smaller labels are not tasks
  std::optional<Axis> axis;           // of volumes; absent: default_axis of each image
  std::optional<std::int64_t> limit;  // pictures a data set, spread evenly over those that have tasks
  FrameOfReference frame_of_reference = FrameOfReference::same;  // of DICOM segmentations
};

// What a study would do with one data set. Sorted by name (numbers in names by value), so that the order of
// files and arguments does not matter.
struct DataSetPlan {
  std::string name;  // folder's or JSON's name; parent/name where two data sets share it
  std::filesystem::path path;
  std::vector<StudyCase> cases;  // with at least one task each
  std::vector<VolumeTask> volumes;
  std::vector<StudyFailure> failures;
  std::vector<std::string> notes;  // one line each, which names the file
  // Before the limit: pictures, and slices that carry a label; a file that fails as a whole counts as one.
  std::int64_t pictures_found = 0;
  std::int64_t labels_below_area = 0;  // present on a picture or slice, smaller than min_area_px: no tasks
  // Of the labels of labels.json or seen anywhere in the set, over pictures and whole label volumes. Not
  // counted for instances.
  std::int64_t labels_absent = 0;
};

// Each of `data`: a folder with images/ID.EXT and masks/ID.EXT (labels.json optional); a folder with
// images/NAME.EXT and labels/NAME.EXT or labels/NAME_SUFFIX.EXT (volumes); a folder of patients' folders; a
// COCO instances JSON; or a folder of such data sets (docs/data-sets.md). Reads every file once, of images no
// more than the bytes and the grid of volumes. A file that cannot be used is a failure of its data set and
// stops nothing. Throws Error naming the path: not_found; usage for something that is not a data set (says
// what one looks like); corrupt_data for a labels.json or COCO JSON that cannot be understood.
std::vector<DataSetPlan> plan_data_sets(std::span<const std::filesystem::path> data,
                                        const PlanOptions& options, const Progress& progress = {});

}  // namespace sonde
