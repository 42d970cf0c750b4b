// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/draft.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxObjects = 100'000;

[[noreturn]] void conflict(ObjectId id, const char* why) {
  throw Error(ErrorKind::conflict, "object " + std::to_string(id) + " " + why);
}

// From the first to the last voxel: sets that lie apart need no closer look.
bool may_meet(const RunLengthMask& a, const RunLengthMask& b) {
  if (a.runs.empty() || b.runs.empty()) return false;
  const auto end = [](const RunLengthMask& set) { return set.runs.back().first + set.runs.back().count; };
  return a.runs.front().first < end(b) && b.runs.front().first < end(a);
}

}  // namespace

const ObjectRecord* Draft::find(ObjectId id) const {
  const auto draft = drafts_.find(id);
  if (draft != drafts_.end()) return draft->second ? &*draft->second : nullptr;
  const auto record = records_.find(id);
  return record != records_.end() ? &record->second : nullptr;
}

const ObjectRecord& Draft::at(ObjectId id) const {
  const ObjectRecord* record = find(id);
  if (record == nullptr) conflict(id, "is gone");
  return *record;
}

const ObjectRecord& Draft::require_unlocked(ObjectId id) const {
  const ObjectRecord& record = at(id);
  if (record.object.lock == Lock::locked) conflict(id, "is locked: unlock it first");
  return record;
}

const ObjectRecord& Draft::open_proposal(ObjectId id) const {
  const ObjectRecord& record = require_unlocked(id);
  if (record.object.state != ObjectState::proposed) conflict(id, "is not a proposal any more");
  return record;
}

const ObjectRecord& Draft::open_approved(ObjectId id) const {
  const ObjectRecord& record = require_unlocked(id);
  if (record.object.state != ObjectState::approved) conflict(id, "is a proposal: accept it first");
  return record;
}

void Draft::require_label(LabelId label) const {
  if (!context_.labels.contains(label))
    throw Error(ErrorKind::usage, "there is no label " + std::to_string(label));
}

ObjectRecord& Draft::edit(ObjectId id) {
  const auto [entry, is_new] = drafts_.try_emplace(id);
  if (is_new) entry->second = records_.at(id);
  return entry->second.value();
}

const NearbyObjects& Draft::nearby() {
  if (nearby_) return *nearby_;
  nearby_.emplace(context_.grid.extent);
  for (const ObjectId id : ids()) nearby_->add(id, *at(id).voxels);
  return *nearby_;
}

void Draft::set_voxels(ObjectId id, RunLengthMask voxels) {
  if (nearby_) nearby_->add(id, voxels);
  edit(id).voxels = std::make_shared<const RunLengthMask>(std::move(voxels));
}

ObjectId Draft::create(AnnotatedObject object, RunLengthMask voxels) {
  const ObjectId id = context_.next_object + created_++;
  object.id = id;
  object.image = context_.image;
  if (nearby_) nearby_->add(id, voxels);
  drafts_[id] =
      ObjectRecord{std::move(object), 0, 0, std::make_shared<const RunLengthMask>(std::move(voxels))};
  return id;
}

void Draft::remove(ObjectId id) { drafts_[id] = std::nullopt; }

std::vector<ObjectId> Draft::ids() const {
  std::vector<ObjectId> ids;
  for (const auto& [id, record] : records_) {
    if (find(id) != nullptr) ids.push_back(id);
  }
  for (const auto& [id, draft] : drafts_) {
    if (draft && !records_.contains(id)) ids.push_back(id);
  }
  return ids;  // new ones have the greatest ids
}

RunLengthMask Draft::claim(ObjectId id, RunLengthMask gained) {
  if (context_.overlap == Overlap::allow) return gained;
  std::vector<ObjectId> losing;
  const auto meet = [&](ObjectId other, const ObjectRecord& record) {
    if (other == id || record.object.state != ObjectState::approved || !may_meet(*record.voxels, gained))
      return;
    if (context_.overlap == Overlap::keep || record.object.lock == Lock::locked) {
      gained = subtracted(gained, *record.voxels);
    } else {
      losing.push_back(other);
    }
  };
  for (const ObjectId other : nearby().near(gained)) {
    if (const ObjectRecord* record = find(other)) meet(other, *record);
  }
  // Once it is known what the locked ones keep.
  for (const ObjectId other : losing) {
    const RunLengthMask& before = *at(other).voxels;
    RunLengthMask after = subtracted(before, gained);
    if (after == before) continue;
    note_taken(other, voxel_count(before) - voxel_count(after));
    set_voxels(other, std::move(after));
  }
  return gained;
}

void Draft::note_taken(ObjectId id, std::int64_t voxels) {
  const auto record = records_.find(id);
  if (record != records_.end() && record->second.object.state == ObjectState::approved) taken_[id] += voxels;
}

std::optional<Taken> Draft::taken() const {
  if (taken_.empty()) return std::nullopt;
  Taken taken;
  taken.objects = static_cast<std::int64_t>(taken_.size());
  for (const auto& [id, voxels] : taken_) {
    taken.voxels += voxels;
    const ObjectRecord* record = find(id);
    taken.removed += record == nullptr || is_emptied(id, *record) ? 1 : 0;
  }
  return taken;
}

bool Draft::is_emptied(ObjectId id, const ObjectRecord& draft) const {
  if (context_.emptied == Emptied::kept || draft.object.state != ObjectState::approved ||
      !draft.voxels->runs.empty())
    return false;
  const auto before = records_.find(id);
  return before == records_.end() || !before->second.voxels->runs.empty();
}

std::vector<ObjectChange> Draft::changes() const {
  std::vector<ObjectChange> changes;
  for (const auto& [id, draft] : drafts_) {
    auto change = change_of(id, draft && is_emptied(id, *draft) ? std::nullopt : draft);
    if (change) changes.push_back(std::move(*change));
  }
  return changes;
}

std::optional<ObjectChange> Draft::change_of(ObjectId id, const std::optional<ObjectRecord>& draft) const {
  const RunLengthMask none{context_.grid.extent, {}};
  ObjectChange change{id, std::nullopt, draft, none};
  const auto record = records_.find(id);
  if (record != records_.end()) change.before = record->second;
  if (!change.before && !change.after) return std::nullopt;
  const RunLengthMask& before = change.before ? *change.before->voxels : none;
  const RunLengthMask& after = change.after ? *change.after->voxels : none;
  if (&before != &after) change.delta = symmetric_difference(before, after);
  if (!change.after) return change;
  const bool new_mask = !change.before || !change.delta.runs.empty();
  if (new_mask) measure(*change.after, context_.grid);
  if (!new_mask && record_to_json(*change.before) == record_to_json(*change.after)) return std::nullopt;
  change.after->object.revision = context_.event;
  if (new_mask) change.after->mask_revision = context_.event;
  return change;
}

void check_objects(std::span<const ObjectId> objects) {
  if (objects.empty()) throw Error(ErrorKind::usage, "no object is named");
  if (objects.size() > kMaxObjects)
    throw Error(ErrorKind::usage, "more than " + std::to_string(kMaxObjects) + " objects are named");
  std::vector<ObjectId> sorted(objects.begin(), objects.end());
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end())
    throw Error(ErrorKind::usage, "object " + std::to_string(*twice) + " is named twice");
}

}  // namespace sonde
