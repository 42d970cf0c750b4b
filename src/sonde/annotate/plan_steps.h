// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sonde/annotate/plan.h"

// The single actions of plan(): each changes the draft and returns the line for the history.
namespace sonde {

std::string plan_prompt(Draft& draft, const PromptAction& action, const PlanAnswers& answers);
std::string plan_choose(Draft& draft, const ChooseAction& action);
std::string plan_accept(Draft& draft, const AcceptAction& action);
std::string plan_everything(Draft& draft, const EverythingAction& action, const PlanAnswers& answers);
std::string plan_import(Draft& draft, const ImportAction& action, const PlanAnswers& answers);

std::string plan_stroke(Draft& draft, const StrokeAction& action);
std::string plan_lasso(Draft& draft, const LassoAction& action);

std::string plan_delete(Draft& draft, const DeleteAction& action);
std::string plan_relabel(Draft& draft, const RelabelAction& action);
std::string plan_name(Draft& draft, const NameAction& action);
std::string plan_lock(Draft& draft, const LockAction& action);

std::string plan_merge(Draft& draft, const MergeAction& action);
std::string plan_split(Draft& draft, const SplitAction& action);
std::string plan_fill_holes(Draft& draft, const FillHolesAction& action);
std::string plan_drop_specks(Draft& draft, const DropSpecksAction& action);

// "1 object", "3 objects"
std::string counted(std::size_t count, const std::string& noun);

}  // namespace sonde
