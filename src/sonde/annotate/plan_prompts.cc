// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>

#include "sonde/annotate/limits.h"
#include "sonde/annotate/plan_steps.h"
#include "sonde/annotate/text_rules.h"
#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/imaging/window.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxPromptPoints = 1000;
constexpr std::size_t kMaxImported = 100'000;
constexpr std::size_t kMaxPath = 4096;

void check_prompt(const ImageGeometry& grid, const PromptAction& action) {
  const SlicePlane plane = checked_plane(grid, action.plane);
  if (action.prompt.points.size() > kMaxPromptPoints) {
    throw Error(ErrorKind::usage, "a prompt has at most " + std::to_string(kMaxPromptPoints) + " points");
  }
  const PromptWithWindow& prompt = action.prompt;
  if (prompt.class_name) checked_length(*prompt.class_name, "the name of a class", kLimits.name_characters);
  validate(Prompt{prompt.points, prompt.box, std::nullopt, prompt.class_name}, plane.extent);
  parse_window(action.prompt.window);
}

// The target in the end: that of the action, else that which the proposal has already.
std::optional<ObjectId> target_of(const Draft& draft, const PromptAction& action) {
  if (action.target || !action.proposal) return action.target;
  return draft.at(*action.proposal).object.proposal->target;
}

void check_prompt_action(const Draft& draft, const PromptAction& action) {
  check_prompt(draft.grid(), action);
  if (action.proposal) draft.open_proposal(*action.proposal);
  const std::optional<ObjectId> target = target_of(draft, action);
  if (target) draft.open_approved(*target);
}

std::vector<CandidateScore> scores_of(std::span<const RecordedAnswer> answers) {
  std::vector<CandidateScore> scores;
  for (const RecordedAnswer& answer : answers)
    scores.push_back({answer.predicted_iou, answer.stability, voxel_count(answer.voxels)});
  return scores;
}

// The target's pixels on the proposal's slice become the proposal's, as far as other objects let it.
void change_target(Draft& draft, const ObjectRecord& proposal) {
  const Proposal& asked = *proposal.object.proposal;
  const ObjectId target = *asked.target;
  const RunLengthMask before = *draft.open_approved(target).voxels;
  const SlicePlane plane = slice_plane(draft.grid(), asked.plane.axis);
  const RunLengthMask wanted = voxels_on_slice(*proposal.voxels, plane, asked.plane.slice);
  const RunLengthMask had = voxels_on_slice(before, plane, asked.plane.slice);
  const RunLengthMask gained = draft.claim(target, subtracted(wanted, had));
  const RunLengthMask slice = united(intersected(wanted, had), gained);
  draft.set_voxels(target, united(subtracted(before, had), slice));
  draft.remove(proposal.object.id);
}

enum class Accepted { yes, nothing_left };

Accepted accept_one(Draft& draft, ObjectId id, LabelId label) {
  const ObjectRecord proposal = draft.open_proposal(id);
  if (proposal.object.proposal->target) {
    change_target(draft, proposal);
    return Accepted::yes;
  }
  RunLengthMask voxels = draft.claim(id, *proposal.voxels);
  if (voxels.runs.empty()) return Accepted::nothing_left;
  ObjectRecord& record = draft.edit(id);
  record.object.state = ObjectState::approved;
  record.object.label = label;
  record.object.proposal = std::nullopt;
  record.asked_at = 0;
  draft.set_voxels(id, std::move(voxels));
  return Accepted::yes;
}

std::string to_string(const PromptWithWindow& prompt) {
  std::vector<std::string> parts;
  if (!prompt.points.empty()) parts.push_back(counted(prompt.points.size(), "point"));
  if (prompt.box) parts.emplace_back("a box");
  if (prompt.class_name) parts.push_back("the class " + *prompt.class_name);
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : " and ") + part;
  return text;
}

}  // namespace

Mask inside_of_prompt(const ObjectRecords& records, const PlanContext& context, const PromptAction& action) {
  const Draft draft(records, context);
  check_prompt_action(draft, action);
  const std::optional<ObjectId> target = target_of(draft, action);
  if (!target) return {};
  const SlicePlane plane = slice_plane(context.grid, action.plane.axis);
  Mask inside = slice_from_voxels(*draft.at(*target).voxels, plane, action.plane.slice);
  return area_px(inside) > 0 ? inside : Mask{};
}

std::string plan_step(Draft& draft, const PromptAction& action, const PlanAnswers& answers) {
  check_prompt_action(draft, action);
  Proposal proposal;
  proposal.plane = action.plane;
  proposal.target = target_of(draft, action);
  proposal.candidates = scores_of(answers.answers);
  proposal.chosen = answers.first.value_or(0);
  proposal.prompt = action.prompt;
  proposal.object_score = answers.object_score;
  if (proposal.chosen >= answers.answers.size())
    throw Error(ErrorKind::internal, "the candidate to show first is not there");
  RunLengthMask voxels = answers.answers[proposal.chosen].voxels;
  ObjectId id = 0;
  if (action.proposal) {
    id = *action.proposal;
    draft.set_voxels(id, std::move(voxels));
  } else {
    id = draft.create({}, std::move(voxels));
  }
  ObjectRecord& record = draft.edit(id);
  record.object.source = ObjectSource::prompt;
  record.object.proposal = std::move(proposal);
  record.asked_at = draft.event();
  return "asked with " + to_string(action.prompt) + ": object " + std::to_string(id);
}

std::string plan_step(Draft& draft, const ChooseAction& action, const PlanAnswers& /*answers*/) {
  const ObjectRecord& record = draft.open_proposal(action.proposal);
  if (record.asked_at == 0) {
    throw Error(ErrorKind::conflict,
                "object " + std::to_string(action.proposal) + " has no other candidates");
  }
  std::vector<RecordedAnswer> candidates = draft.answers_of(record.asked_at);
  if (action.candidate >= candidates.size()) {
    throw Error(ErrorKind::usage, "candidate " + std::to_string(action.candidate) + " is not there: 0.." +
                                      std::to_string(candidates.size() - 1));
  }
  draft.set_voxels(action.proposal, std::move(candidates[action.candidate].voxels));
  draft.edit(action.proposal).object.proposal->chosen = action.candidate;
  return "candidate " + std::to_string(action.candidate + 1) + " of object " +
         std::to_string(action.proposal);
}

std::string plan_step(Draft& draft, const AcceptAction& action, const PlanAnswers& /*answers*/) {
  check_objects(action.objects);
  draft.require_label(action.label);
  for (const ObjectId id : action.objects) draft.open_proposal(id);
  std::size_t accepted = 0;
  for (const ObjectId id : action.objects)
    accepted += accept_one(draft, id, action.label) == Accepted::yes ? 1 : 0;
  if (accepted == 0) {
    throw Error(ErrorKind::conflict,
                action.objects.size() == 1
                    ? "object " + std::to_string(action.objects[0]) + " has no pixel that is not another's"
                    : std::string("none of the objects has a pixel that is not another's"));
  }
  std::string summary = "accepted " + counted(accepted, "object");
  if (accepted < action.objects.size())
    summary += ", " + std::to_string(action.objects.size() - accepted) + " had no pixel left";
  return summary;
}

void check_everything(const PlanContext& context, const EverythingAction& action) {
  checked_plane(context.grid, action.plane);
  parse_window(action.window);
  const EverythingSettings& settings = action.settings;
  const auto is_share = [](double value) { return value >= 0 && value <= 1; };  // false for not-a-number
  const auto check = [](const char* name, std::int64_t value, std::int64_t min, std::int64_t max) {
    if (value >= min && value <= max) return;
    throw Error(ErrorKind::usage,
                std::string(name) + " is " + std::to_string(min) + " to " + std::to_string(max));
  };
  check("points_per_side", settings.points_per_side, 1, kLimits.points_per_side);
  check("min_region", settings.min_region, 0, kLimits.min_region);
  if (!is_share(settings.pred_iou) || !is_share(settings.stability))
    throw Error(ErrorKind::usage, "pred_iou and stability are 0 to 1");
}

std::string plan_step(Draft& draft, const EverythingAction& action, const PlanAnswers& answers) {
  for (const ObjectId id : draft.ids()) {
    const AnnotatedObject& object = draft.at(id).object;
    if (object.state == ObjectState::proposed && object.source == ObjectSource::everything &&
        object.lock == Lock::open && object.proposal->plane == action.plane)
      draft.remove(id);
  }
  for (const RecordedAnswer& answer : answers.answers) {
    AnnotatedObject object;
    object.source = ObjectSource::everything;
    object.proposal = Proposal{action.plane, std::nullopt, scores_of(std::span(&answer, 1)), 0, std::nullopt};
    draft.create(std::move(object), answer.voxels);
  }
  return counted(answers.answers.size(), "proposal") + " from a grid on " +
         std::string(to_string(action.plane.axis)) + " slice " + std::to_string(action.plane.slice);
}

std::vector<RecordedAnswer> answers_of_import(const ImportAction& action, const ImageGeometry& grid) {
  std::vector<RecordedAnswer> answers;
  for (const ImportedObject& object : action.objects) {
    if (object.voxels.extent != grid.extent)
      throw Error(ErrorKind::usage, action.from + ": its grid is not the image's");
    answers.push_back({object.voxels, 0, 0});
  }
  return answers;
}

std::string plan_step(Draft& draft, const ImportAction& action, const PlanAnswers& answers) {
  if (action.objects.size() > kMaxImported || action.objects.size() != answers.answers.size())
    throw Error(ErrorKind::usage, action.from + ": more than " + std::to_string(kMaxImported) + " objects");
  checked_length(action.from, "the name of the file", kMaxPath);
  for (const ImportedObject& object : action.objects) {
    draft.require_label(object.label);
    checked_length(object.name, "the name of an object", kLimits.name_characters);
  }
  std::size_t imported = 0;
  const auto create = [&](const ImportedObject& from, RunLengthMask voxels) {
    if (voxels.runs.empty()) return;
    AnnotatedObject object;
    object.state = ObjectState::approved;
    object.label = from.label;
    object.name = from.name;
    object.source = ObjectSource::import;
    draft.create(std::move(object), std::move(voxels));
    ++imported;
  };
  std::vector<RunLengthMask> shared;  // claimed before any of the objects is there
  if (action.among == ImportAction::Among::shared) {
    for (const RecordedAnswer& answer : answers.answers) shared.push_back(draft.claim(0, answer.voxels));
  }
  for (std::size_t i = 0; i < action.objects.size(); ++i)
    create(action.objects[i],
           shared.empty() ? draft.claim(0, answers.answers[i].voxels) : std::move(shared[i]));
  return "imported " + counted(imported, "object") + " from " + action.from;
}

}  // namespace sonde
