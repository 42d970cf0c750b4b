// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "sonde/annotate/plan_steps.h"
#include "sonde/annotate/project.h"
#include "sonde/core/error.h"
#include "sonde/imaging/image_geometry.h"

namespace sonde {
namespace {

std::string window_of(const Action& action) {
  if (const auto* ask = std::get_if<PromptAction>(&action)) return ask->prompt.window;
  if (const auto* everything = std::get_if<EverythingAction>(&action)) return everything->window;
  return "";
}

// All that the changes follow from, besides the objects and the answers.
std::string input_of(const Action& action, const PlanContext& context,
                     const std::vector<ObjectChange>& changes) {
  EventInput input{action, context.overlap, context.emptied, context.next_object, std::nullopt};
  if (std::holds_alternative<PromptAction>(action)) {
    const Proposal& proposal = changes.at(0).after.value().object.proposal.value();
    input.first = proposal.chosen;
    input.object_score = proposal.object_score;
  }
  return input_to_json(input);
}

// What an undo or redo does: the event's change the other way round, or once more.
ObjectChange stepped(const ImageState& state, const ObjectChange& stored, EventRole role, Revision event) {
  const std::optional<ObjectRecord>& from = role == EventRole::undo ? stored.after : stored.before;
  const std::optional<ObjectRecord>& to = role == EventRole::undo ? stored.before : stored.after;
  const auto now = state.records.find(stored.id);
  const bool is_there = now != state.records.end();
  if (is_there != from.has_value() || (is_there && record_to_json(now->second) != record_to_json(*from))) {
    throw Error(ErrorKind::corrupt_data,
                "object " + std::to_string(stored.id) + " is not what its history says");
  }
  ObjectChange change{stored.id, std::nullopt, to, stored.delta};
  if (is_there) change.before = now->second;
  if (!change.after) return change;
  const bool same_mask = is_there && stored.delta.runs.empty();
  const RunLengthMask none{stored.delta.extent, {}};
  change.after->object.revision = event;
  change.after->mask_revision = same_mask ? change.before->mask_revision : event;
  change.after->voxels = same_mask ? change.before->voxels
                                   : std::make_shared<const RunLengthMask>(symmetric_difference(
                                         is_there ? *change.before->voxels : none, stored.delta));
  return change;
}

// What the object has not now and would have then.
RunLengthMask gained_by(const ImageState& state, const ObjectChange& stored) {
  const auto now = state.records.find(stored.id);
  return now == state.records.end() ? stored.delta : subtracted(stored.delta, *now->second.voxels);
}

}  // namespace

bool Project::has_done(const std::string& request) const {
  return locked([&] { return history_.find_request(request).has_value(); });
}

std::optional<Changes> Project::done_before(ImageId image, const From& from) const {
  const auto found = history_.find_request(from.request);
  if (!found) return std::nullopt;
  if (found->image != image)
    throw Error(ErrorKind::usage, "the request \"" + from.request + "\" was one for another image");
  return changes_of(image, history_.objects_of(found->event), from.client);
}

PlanContext Project::context_of(ImageId image) const {
  PlanContext context;
  context.image = image;
  context.grid = state_of(image).grid;
  context.overlap = overlap();
  context.labels = active_labels();
  context.next_object = next_object_;
  context.event = revision_ + 1;
  context.answers_of = [this, extent = context.grid.extent](Revision event) {
    return history_.answers_of(event, extent);
  };
  return context;
}

Mask Project::prepare(ImageId image, const Action& action) const {
  const PlanContext context = context_of(image);
  if (const auto* everything = std::get_if<EverythingAction>(&action)) check_everything(context, *everything);
  if (const auto* ask = std::get_if<PromptAction>(&action))
    return inside_of_prompt(state_of(image).records, context, *ask);
  return {};
}

Changes Project::perform(ImageId image, const From& from, const Action& action, const Asked& asked) {
  if (std::holds_alternative<UndoAction>(action)) return step_back_or_forth(image, from, EventRole::undo);
  if (std::holds_alternative<RedoAction>(action)) return step_back_or_forth(image, from, EventRole::redo);
  const PlanContext context = context_of(image);
  const Plan planned =
      plan(state_of(image).records, context, action, {asked.answers, std::nullopt, asked.object_score});
  if (planned.changes.empty()) return changes_of(image, {}, from.client);
  StoredEvent event;
  event.id = context.event;
  event.image = image;
  event.time = utc_now();
  event.kind = kind_of(action);
  event.role = EventRole::action;
  event.request = from.request;
  event.client = from.client;
  event.input = input_of(action, context, planned.changes);
  event.model_sha256 = asked.model_sha256;
  event.precision = asked.precision;
  event.window = window_of(action);
  event.summary = planned.summary;
  commit(event, planned.changes, asked.answers);
  std::vector<ObjectId> ids;
  for (const ObjectChange& change : planned.changes) ids.push_back(change.id);
  Changes changes = changes_of(image, ids, from.client);
  changes.taken = planned.taken;
  return changes;
}

void Project::check_step(const ImageState& state, const UndoPath::Step& step, EventRole role,
                         const std::vector<ObjectChange>& stored) const {
  const std::string verb = role == EventRole::undo ? "undone" : "redone";
  if (const auto object = state.path.changed_since(step)) {
    throw Error(ErrorKind::conflict, "object " + std::to_string(*object) +
                                         " has been changed by another page since: \"" + step.kind +
                                         "\" is not " + verb);
  }
  if (overlap() == Overlap::allow) return;
  for (const ObjectId other : state.path.others_changed_since(step)) {
    const auto found = state.records.find(other);
    if (found == state.records.end() || found->second.object.state != ObjectState::approved) continue;
    for (const ObjectChange& change : stored) {
      const auto& to = role == EventRole::undo ? change.before : change.after;
      if (!to || to->object.state != ObjectState::approved) continue;
      if (intersected(gained_by(state, change), *found->second.voxels).runs.empty()) continue;
      throw Error(ErrorKind::conflict, "pixels that object " + std::to_string(change.id) +
                                           " would get back have become object " + std::to_string(other) +
                                           "'s: \"" + step.kind + "\" is not " + verb);
    }
  }
}

Changes Project::step_back_or_forth(ImageId image, const From& from, EventRole role) {
  const ImageState& state = state_of(image);
  const auto step =
      role == EventRole::undo ? state.path.next_undo(from.client) : state.path.next_redo(from.client);
  if (!step) {
    throw Error(ErrorKind::conflict,
                role == EventRole::undo ? "there is nothing to undo" : "there is nothing to redo");
  }
  StoredEvent event;
  event.id = revision_ + 1;
  event.image = image;
  event.time = utc_now();
  event.kind = role == EventRole::undo ? "undo" : "redo";
  event.role = role;
  event.request = from.request;
  event.client = from.client;
  event.input = "{}";
  event.summary = (role == EventRole::undo ? "undid " : "redid ") + step->kind;
  event.target = step->event;
  std::vector<ObjectChange> changes;
  std::vector<ObjectId> ids;
  const std::vector<ObjectChange> all = history_.changes_of(step->event, state.grid.extent);
  check_step(state, *step, role, all);
  for (const ObjectChange& stored : all) {
    changes.push_back(stepped(state, stored, role, event.id));
    ids.push_back(stored.id);
  }
  commit(event, changes, {});
  return changes_of(image, ids, from.client);
}

Changes Project::changes_of(ImageId id, std::span<const ObjectId> objects, const std::string& client) const {
  const ImageState& state = state_of(id);
  Changes changes;
  changes.revision = revision_;
  if (const auto step = state.path.next_undo(client)) changes.undo = step->kind;
  if (const auto step = state.path.next_redo(client)) changes.redo = step->kind;
  for (const ObjectId object : objects) {
    const auto record = state.records.find(object);
    if (record != state.records.end()) {
      changes.changed.push_back(record->second.object);
    } else {
      changes.removed.push_back(object);
    }
  }
  changes.image = summary_of(id);
  return changes;
}

Changes Project::changes_since(ImageId id, Revision since, const std::string& client) const {
  return locked([&] {
    const ImageState& state = state_of(id);
    std::vector<ObjectId> objects;
    for (const auto& [object, record] : state.records) {
      if (record.object.revision > since) objects.push_back(object);
    }
    for (const auto& [object, revision] : state.removed) {
      if (revision > since && !state.records.contains(object)) objects.push_back(object);
    }
    return changes_of(id, objects, client);
  });
}

std::vector<AnnotatedObject> Project::objects(ImageId id) const {
  return locked([&]() -> std::vector<AnnotatedObject> {
    if (!summary_of(id).grid) return {};  // nothing can have been done to it
    std::vector<AnnotatedObject> list;
    for (const auto& [object, record] : state_of(id).records) list.push_back(record.object);
    return list;
  });
}

std::vector<ObjectMask> Project::masks(ImageId image, PlaneRef at, std::span<const ObjectId> objects) const {
  return locked([&] {
    const ImageState& state = state_of(image);
    const SlicePlane plane = checked_plane(state.grid, at);
    std::vector<ObjectMask> masks;
    for (const ObjectId id : objects) {
      const auto found = state.records.find(id);
      if (found == state.records.end()) continue;
      const ObjectRecord& record = found->second;
      const Revision revision = record.object.revision;
      masks.push_back({id, std::nullopt, revision, pixels_on_slice(*record.voxels, plane, at.slice)});
      if (record.asked_at == 0 || !record.object.proposal || record.object.proposal->plane != at) continue;
      const std::vector<RecordedAnswer> candidates = history_.answers_of(record.asked_at, state.grid.extent);
      for (std::size_t i = 0; i < candidates.size(); ++i)
        masks.push_back({id, i, revision, pixels_on_slice(candidates[i].voxels, plane, at.slice)});
    }
    return masks;
  });
}

RunLengthMask Project::voxels(ObjectId object) const {
  return locked([&] {
    SQLite::Statement row(database_.connection(), "SELECT image FROM objects WHERE id = ?");
    row.bind(1, object);
    if (!row.executeStep()) throw Error(ErrorKind::not_found, "there is no object " + std::to_string(object));
    return *state_of(row.getColumn(0).getInt64()).records.at(object).voxels;
  });
}

std::vector<HistoryEvent> Project::history(ImageId id, std::int64_t limit) const {
  return locked([&] {
    summary_of(id);
    const UndoPath path = history_.undo_path(id);
    std::vector<HistoryEvent> events;
    for (StoredEvent& event : history_.newest(id, std::max<std::int64_t>(limit, 0))) {
      events.push_back({event.id, std::move(event.time), std::move(event.kind), std::move(event.summary),
                        std::move(event.model_sha256), std::move(event.window), path.is_undone(event.id)});
    }
    return events;
  });
}

}  // namespace sonde
