// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sonde/evaluate/task.h"

namespace sonde {

// What the values of masks mean: labels.json of a data set, or nothing but values without one.
struct LabelScheme {
  enum class Kind { classes, instances } kind = Kind::classes;
  std::map<std::int64_t, std::string> names;  // empty: values have no names, all are allowed
  std::string object_name = "object";         // of instances
};
// Throws Error{corrupt_data} naming the file if it cannot be understood.
LabelScheme read_label_scheme(const std::filesystem::path& data_set_folder);

// Pixels or voxels of each value; 0 is not among them.
using LabelAreas = std::map<std::int64_t, std::int64_t>;

// A mask, as it names its labels.
struct TruthFile {
  std::filesystem::path path;
  std::string suffix;                                               // of labels/NAME_SUFFIX.EXT
  enum class Naming { plain, with_suffix } naming = Naming::plain;  // with_suffix: the set has several
};

bool is_named(const LabelScheme& scheme, std::int64_t value);
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
