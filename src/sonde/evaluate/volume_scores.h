// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sonde/evaluate/case_loader.h"
#include "sonde/evaluate/data_set.h"
#include "sonde/evaluate/journal.h"

namespace sonde {

// The records of the slices that hold tasks of a volume's label, without their outcomes.
std::vector<TaskRecord> slices_of(const DataSetPlan& plan, const VolumeTask& volume);

// The slices' masks stacked and scored against the whole truth, for each protocol, choice and step; a slice
// without a task (the label is absent or below the least area there) counts as empty.
std::vector<Outcome> volume_outcomes(const VolumeTruth& truth, const std::vector<TaskRecord>& slices,
                                     double tolerance);

}  // namespace sonde
