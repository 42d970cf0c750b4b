// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "sonde/core/progress.h"
#include "sonde/evaluate/data_set.h"
#include "sonde/io/masks/mask_pairs.h"
#include "sonde/io/masks/set_layout.h"

// One planner a layout of data sets, beneath data_set.h: cases, failures and volumes as they are found,
// neither limited nor sorted.
namespace sonde {

struct DataSetSource {
  std::string name;
  std::filesystem::path path;
  SetLayout layout;  // of a folder
};

inline std::vector<std::string> notes_of(const SetLayout& layout, const MaskPairs& pairs) {
  std::vector<std::string> notes = layout.notes;
  notes.insert(notes.end(), pairs.notes.begin(), pairs.notes.end());
  return notes;
}

// images/ID.EXT with masks/ID.EXT.
DataSetPlan plan_picture_folder(const DataSetSource& source, const PlanOptions& options,
                                const Progress& progress);
// images/NAME.EXT with labels/NAME.EXT or labels/NAME_SUFFIX.EXT.
DataSetPlan plan_volume_folder(const DataSetSource& source, const PlanOptions& options,
                               const Progress& progress);
// PATIENT/NAME.EXT with PATIENT/NAME_SUFFIX.EXT or PATIENT/SUFFIX.EXT.
DataSetPlan plan_patient_folders(const DataSetSource& source, const PlanOptions& options,
                                 const Progress& progress);
// A COCO instances JSON.
DataSetPlan plan_coco(const DataSetSource& source, const PlanOptions& options, const Progress& progress);

}  // namespace sonde
