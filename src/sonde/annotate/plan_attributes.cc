// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/limits.h"
#include "sonde/annotate/plan_steps.h"
#include "sonde/annotate/text_rules.h"
#include "sonde/core/error.h"
#include "sonde/core/text.h"

namespace sonde {
namespace {

void set_lock(Draft& draft, const std::vector<ObjectId>& objects, Lock lock) {
  check_objects(objects);
  for (const ObjectId id : objects) {
    if (draft.at(id).object.state != ObjectState::approved)
      throw Error(ErrorKind::conflict, "object " + std::to_string(id) + " is a proposal: accept it first");
    draft.edit(id).object.lock = lock;
  }
}

}  // namespace

std::string plan_step(Draft& draft, const DeleteAction& action, const PlanAnswers& /*answers*/) {
  check_objects(action.objects);
  for (const ObjectId id : action.objects) draft.require_unlocked(id);
  for (const ObjectId id : action.objects) draft.remove(id);
  return "deleted " + counted(action.objects.size(), "object");
}

std::string plan_step(Draft& draft, const RelabelAction& action, const PlanAnswers& /*answers*/) {
  check_objects(action.objects);
  draft.require_label(action.label);
  for (const ObjectId id : action.objects) draft.require_unlocked(id);
  for (const ObjectId id : action.objects) draft.edit(id).object.label = action.label;
  return "labelled " + counted(action.objects.size(), "object");
}

std::string plan_step(Draft& draft, const NameAction& action, const PlanAnswers& /*answers*/) {
  checked_length(action.name, "the name of an object", kLimits.name_characters);
  draft.require_unlocked(action.object);
  draft.edit(action.object).object.name = action.name;
  return "named object " + std::to_string(action.object);
}

std::string plan_step(Draft& draft, const LockAction& action, const PlanAnswers& /*answers*/) {
  set_lock(draft, action.objects, Lock::locked);
  return "locked " + counted(action.objects.size(), "object");
}

std::string plan_step(Draft& draft, const UnlockAction& action, const PlanAnswers& /*answers*/) {
  set_lock(draft, action.objects, Lock::open);
  return "unlocked " + counted(action.objects.size(), "object");
}

}  // namespace sonde
