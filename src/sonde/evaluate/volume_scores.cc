// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/volume_scores.h"

#include <array>

#include "sonde/core/error.h"

namespace sonde {
namespace {

bool same_label(const StudyTask& a, const StudyTask& b) {
  return a.label == b.label && a.object == b.object && a.truth_file == b.truth_file;
}

}  // namespace

std::vector<TaskRecord> slices_of(const DataSetPlan& plan, const VolumeTask& volume) {
  std::vector<TaskRecord> slices;
  for (const StudyCase& c : plan.cases) {
    if (c.image_file != volume.image_file || !c.slice) continue;
    for (const StudyTask& task : c.tasks) {
      if (!same_label(task, volume.task)) continue;
      slices.push_back(pending_record(c, task));
    }
  }
  return slices;
}

std::vector<Outcome> volume_outcomes(const VolumeTruth& truth, const std::vector<TaskRecord>& slices,
                                     double tolerance) {
  if (slices.empty()) return {};
  const Scorer scorer(truth.mask, truth.voxel_mm.value_or(std::array<double, 3>{1, 1, 1}), tolerance);
  std::vector<Outcome> outcomes;
  for (std::size_t i = 0; i < slices.front().outcomes.size(); ++i) {
    const Outcome& asked = slices.front().outcomes[i];
    BinaryVolume predicted{truth.mask.extent, std::vector<std::uint8_t>(truth.mask.voxels.size(), 0)};
    for (const TaskRecord& slice : slices) {
      // Every record of a run lists the same protocols, choices and steps.
      const Outcome& answer = slice.outcomes.at(i);
      if (answer.protocol != asked.protocol || answer.choice != asked.choice || answer.step != asked.step) {
        throw Error(ErrorKind::internal, slice.image + ": its outcomes are in another order");
      }
      insert_slice(predicted, decode_rle(answer.mask), truth.plane, slice.slice.value().slice);
    }
    outcomes.push_back({.protocol = asked.protocol,
                        .choice = asked.choice,
                        .step = asked.step,
                        .prompt = {},
                        .scores = scorer.score(predicted),
                        .predicted_iou = 0,
                        .candidate = {},
                        .mask = {}});
  }
  return outcomes;
}

}  // namespace sonde
