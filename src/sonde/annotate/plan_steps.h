// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sonde/annotate/plan.h"

// The single actions of plan(): each changes the draft and returns the line for the history.
namespace sonde {

std::string plan_step(Draft& draft, const PromptAction& action, const PlanAnswers& answers);
std::string plan_step(Draft& draft, const ChooseAction& action, const PlanAnswers& answers);
std::string plan_step(Draft& draft, const AcceptAction& action, const PlanAnswers& answers);
std::string plan_step(Draft& draft, const EverythingAction& action, const PlanAnswers& answers);
std::string plan_step(Draft& draft, const ImportAction& action, const PlanAnswers& answers);

std::string plan_step(Draft& draft, const StrokeAction& action, const PlanAnswers& answers);
std::string plan_step(Draft& draft, const LassoAction& action, const PlanAnswers& answers);

std::string plan_step(Draft& draft, const DeleteAction& action, const PlanAnswers& answers);
std::string plan_step(Draft& draft, const RelabelAction& action, const PlanAnswers& answers);
std::string plan_step(Draft& draft, const NameAction& action, const PlanAnswers& answers);
std::string plan_step(Draft& draft, const LockAction& action, const PlanAnswers& answers);
std::string plan_step(Draft& draft, const UnlockAction& action, const PlanAnswers& answers);

std::string plan_step(Draft& draft, const MergeAction& action, const PlanAnswers& answers);
std::string plan_step(Draft& draft, const SplitAction& action, const PlanAnswers& answers);
std::string plan_step(Draft& draft, const FillHolesAction& action, const PlanAnswers& answers);
std::string plan_step(Draft& draft, const DropSpecksAction& action, const PlanAnswers& answers);

}  // namespace sonde
