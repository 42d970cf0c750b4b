// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sonde/annotate/objects.h"

namespace sonde {

// Which actions of an image are done and which undone. Linear: a new action gives up those that could have
// been redone.
class UndoPath {
 public:
  struct Step {
    Revision event = 0;
    std::string kind;
  };

  void act(Step step);
  // Throw Error{corrupt_data} if there is none, or not this event.
  void undo(Revision event);
  void redo(Revision event);

  std::optional<Step> next_undo() const;
  std::optional<Step> next_redo() const;
  bool is_undone(Revision event) const;

 private:
  std::vector<Step> done_, undone_;
  std::set<Revision> given_up_;
};

}  // namespace sonde
