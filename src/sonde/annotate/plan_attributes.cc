// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/plan_steps.h"
#include "sonde/annotate/text_rules.h"
#include "sonde/core/error.h"

namespace sonde {

std::string plan_delete(Draft& draft, const DeleteAction& action) {
  check_objects(action.objects);
  for (const ObjectId id : action.objects) draft.require_unlocked(id);
  for (const ObjectId id : action.objects) draft.remove(id);
  return "deleted " + counted(action.objects.size(), "object");
}

std::string plan_relabel(Draft& draft, const RelabelAction& action) {
  check_objects(action.objects);
  draft.require_label(action.label);
  for (const ObjectId id : action.objects) draft.require_unlocked(id);
  for (const ObjectId id : action.objects) draft.edit(id).object.label = action.label;
  return "labelled " + counted(action.objects.size(), "object");
}

std::string plan_name(Draft& draft, const NameAction& action) {
  checked_length(action.name, "the name of an object", kMaxName);
  draft.require_unlocked(action.object);
  draft.edit(action.object).object.name = action.name;
  return "named object " + std::to_string(action.object);
}

std::string plan_lock(Draft& draft, const LockAction& action) {
  check_objects(action.objects);
  for (const ObjectId id : action.objects) {
    if (draft.at(id).object.state != ObjectState::approved)
      throw Error(ErrorKind::conflict, "object " + std::to_string(id) + " is a proposal: accept it first");
    draft.edit(id).object.lock = action.lock;
  }
  return (action.lock == Lock::locked ? "locked " : "unlocked ") + counted(action.objects.size(), "object");
}

}  // namespace sonde
