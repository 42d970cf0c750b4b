// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sonde/annotate/action.h"
#include "sonde/annotate/draft.h"
#include "sonde/annotate/segmenter.h"

// What an action does to the objects of its image, as a function of its inputs: the same inputs give the same
// changes, today and when the history is replayed.
namespace sonde {

struct Plan {
  std::vector<ObjectChange> changes;  // empty: nothing to do
  std::string summary;                // a line for the history
  std::optional<Taken> taken;         // from others, by the rule for overlaps
};

// answers: what the network said (ask: the candidates, in AnnotationSegmenter's order; everything: the
// regions), or the masks of an import; else empty. first: of an ask in the history, the candidate that was
// shown; absent: the first. object_score: of an ask with a class.
struct PlanAnswers {
  std::span<const RecordedAnswer> answers;
  std::optional<std::size_t> first;
  std::optional<double> object_score = std::nullopt;
};
// Throws Error: usage, conflict. Not for undo and redo.
Plan plan(const ObjectRecords& records, const PlanContext& context, const Action& action,
          const PlanAnswers& answers);

// For an ask: throws what plan() would throw, before the network is asked. The mask to start from; empty
// where there is none.
Mask inside_of_prompt(const ObjectRecords& records, const PlanContext& context, const PromptAction& action);
void check_everything(const PlanContext& context, const EverythingAction& action);
// The masks of an import as answers.
std::vector<RecordedAnswer> answers_of_import(const ImportAction& action, const ImageGeometry& grid);

// The candidates and regions on the image's grid. Throw Error: usage for a plane that the image has not,
// internal for masks of another extent.
std::vector<RecordedAnswer> answers_on_grid(const std::vector<ScoredMask>& candidates,
                                            const ImageGeometry& grid, PlaneRef plane);
std::vector<RecordedAnswer> answers_on_grid(const std::vector<ScoredRle>& regions, const ImageGeometry& grid,
                                            PlaneRef plane);

}  // namespace sonde
