// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sonde/annotate/objects.h"

namespace sonde {

// Which actions of an image are done and which undone. Each client takes back its own: the last of what it
// has done or of what nobody owns (an import, a project of a sonde that kept no clients); it does again what
// it has undone, until its next action gives that up.
//
// What an object is follows from the last action on it that is done, its top. So an action can be undone
// while it is the top of all of its objects, and redone while each of them has the top that it had just
// before.
class UndoPath {
 public:
  struct Step {
    Revision event = 0;
    std::string kind;
    std::string client;             // empty: nobody's
    std::vector<ObjectId> objects;  // that it changed
  };

  void act(Step step);
  // `event` is the action's number, `at` that of the undo or redo, `client` whose it is. Throw
  // Error{corrupt_data} if the action is not there to be undone or redone, or another one stands in its way.
  void undo(Revision event, Revision at, const std::string& client);
  void redo(Revision event, Revision at, const std::string& client);

  std::optional<Step> next_undo(const std::string& client) const;
  std::optional<Step> next_redo(const std::string& client) const;
  bool is_undone(Revision event) const;

  // An object of `step` that somebody has changed since, so that the step cannot be undone or redone.
  std::optional<ObjectId> changed_since(const Step& step) const;
  // The others that are not what they were when the step was done.
  std::vector<ObjectId> others_changed_since(const Step& step) const;

 private:
  struct Undone {
    Step step;
    std::string client;  // who has undone it
  };

  Revision top(ObjectId object) const;
  Revision top_before(ObjectId object, Revision event) const;
  void check_way(const Step& step) const;
  bool is_done(Revision event) const;

  std::vector<Step> done_;
  std::vector<Undone> undone_;
  std::set<Revision> given_up_;
  std::map<ObjectId, std::vector<std::pair<Revision, Revision>>> tops_;  // since when, which; 0: none
};

}  // namespace sonde
