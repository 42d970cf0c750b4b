// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "sonde/annotate/action.h"
#include "sonde/annotate/nearby_objects.h"
#include "sonde/annotate/object_record.h"

namespace sonde {

// What an action depends on, besides the objects of its image.
struct PlanContext {
  ImageId image = 0;
  ImageGeometry grid;
  Overlap overlap = Overlap::keep;
  Emptied emptied = Emptied::removed;
  std::set<LabelId> labels;
  ObjectId next_object = 1;                                         // the first id that is free
  Revision event = 1;                                               // the number that the event will have
  std::function<std::vector<RecordedAnswer>(Revision)> answers_of;  // of an earlier event
};

// The objects of an image with the changes that an action is about to make. Nothing is changed until somebody
// writes what changes() says.
class Draft {
 public:
  // Both must outlive the draft.
  Draft(const ObjectRecords& records, const PlanContext& context) : records_(records), context_(context) {}

  // Throw Error{conflict}: "object 12 is gone", "... is locked", "... is not a proposal", "... is a
  // proposal".
  const ObjectRecord& at(ObjectId id) const;
  const ObjectRecord& require_unlocked(ObjectId id) const;
  const ObjectRecord& open_proposal(ObjectId id) const;
  const ObjectRecord& open_approved(ObjectId id) const;
  // Throws Error{usage} for a label that is not there.
  void require_label(LabelId label) const;

  ObjectRecord& edit(ObjectId id);
  void set_voxels(ObjectId id, RunLengthMask voxels);
  ObjectId create(AnnotatedObject object, RunLengthMask voxels);
  void remove(ObjectId id);
  std::vector<ObjectId> ids() const;

  // The overlap rule: what of `gained` the approved object `id` gets (0: one that is yet to come). Under
  // `overwrite` the others lose it here.
  RunLengthMask claim(ObjectId id, RunLengthMask gained);

  const ImageGeometry& grid() const { return context_.grid; }
  Revision event() const { return context_.event; }
  std::vector<RecordedAnswer> answers_of(Revision event) const { return context_.answers_of(event); }

  // With area and slices measured; objects that are as they were are left out, approved ones without a voxel
  // that have just lost their last are removed.
  std::vector<ObjectChange> changes() const;
  // From objects that were approved before; absent: nothing.
  std::optional<Taken> taken() const;

 private:
  const ObjectRecord* find(ObjectId id) const;
  const NearbyObjects& nearby();
  std::optional<ObjectChange> change_of(ObjectId id, const std::optional<ObjectRecord>& draft) const;
  bool is_emptied(ObjectId id, const ObjectRecord& draft) const;
  void note_taken(ObjectId id, std::int64_t voxels);

  const ObjectRecords& records_;
  const PlanContext& context_;
  std::map<ObjectId, std::optional<ObjectRecord>> drafts_;  // absent: removed
  ObjectId created_ = 0;
  std::map<ObjectId, std::int64_t> taken_;  // voxels
  std::optional<NearbyObjects> nearby_;     // once something has been claimed
};

// Ids as people send them: at least one, at most 100,000, none twice. Throws Error{usage}.
void check_objects(std::span<const ObjectId> objects);

}  // namespace sonde
