// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sonde/evaluate/task.h"
#include "sonde/io/masks/label_grid.h"
#include "sonde/io/masks/label_scheme.h"

namespace sonde {

// A mask, as it names its labels.
struct TruthFile {
  std::filesystem::path path;
  std::string suffix;                                               // of labels/NAME_SUFFIX.EXT
  enum class Naming { plain, with_suffix } naming = Naming::plain;  // with_suffix: the set has several
};

// The task of one value of a mask; value_of is the way back.
StudyTask task_of(std::int64_t value, std::int64_t area_px, const LabelScheme& scheme,
                  const TruthFile& truth);
std::int64_t value_of(const StudyTask& task);

// Tasks of the named values with at least `min_area_px`, in the order of results.csv, and how many named
// values are smaller.
struct TasksFound {
  std::vector<StudyTask> tasks;
  std::int64_t below_area = 0;
};
TasksFound tasks_of(const LabelAreas& areas, std::int64_t min_area_px, const LabelScheme& scheme,
                    const TruthFile& truth);
bool task_before(const StudyTask& a, const StudyTask& b);

// A failure for each value of a mask that has no name.
std::vector<StudyFailure> unnamed_labels(const LabelAreas& areas, const LabelScheme& scheme,
                                         const TruthFile& truth, const StudyFailure& like);

// How many of the labels of the scheme or of any mask are missing, mask by mask.
std::int64_t count_absent(const std::vector<LabelAreas>& masks, const LabelScheme& scheme);

}  // namespace sonde
