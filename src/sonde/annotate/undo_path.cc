// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/undo_path.h"

#include <algorithm>
#include <utility>

#include "sonde/core/error.h"

namespace sonde {
namespace {

void move_last(std::vector<UndoPath::Step>& from, std::vector<UndoPath::Step>& to, Revision event) {
  if (from.empty() || from.back().event != event) {
    throw Error(ErrorKind::corrupt_data,
                "the history undoes or redoes event " + std::to_string(event) + " out of turn");
  }
  to.push_back(std::move(from.back()));
  from.pop_back();
}

}  // namespace

void UndoPath::act(Step step) {
  for (const Step& undone : undone_) given_up_.insert(undone.event);
  undone_.clear();
  done_.push_back(std::move(step));
}

void UndoPath::undo(Revision event) { move_last(done_, undone_, event); }

void UndoPath::redo(Revision event) { move_last(undone_, done_, event); }

std::optional<UndoPath::Step> UndoPath::next_undo() const {
  return done_.empty() ? std::nullopt : std::optional(done_.back());
}

std::optional<UndoPath::Step> UndoPath::next_redo() const {
  return undone_.empty() ? std::nullopt : std::optional(undone_.back());
}

bool UndoPath::is_undone(Revision event) const {
  return given_up_.contains(event) ||
         std::ranges::any_of(undone_, [&](const Step& step) { return step.event == event; });
}

}  // namespace sonde
