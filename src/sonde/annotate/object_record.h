// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sonde/annotate/objects.h"
#include "sonde/imaging/run_length_mask.h"

// What a project keeps in memory of an object, and what an event does to one.
namespace sonde {

struct ObjectRecord {
  AnnotatedObject object;
  Revision asked_at = 0;       // the event whose answers are its candidates; 0: it has none
  Revision mask_revision = 0;  // of the last change of its voxels, which names its mask file
  std::shared_ptr<const RunLengthMask> voxels;
};
using ObjectRecords = std::map<ObjectId, ObjectRecord>;

// before absent: the event made it; after absent: the event removed it. delta: the exclusive-or of
// its voxels before and after, so that symmetric_difference(voxels, delta) goes either way.
struct ObjectChange {
  ObjectId id = 0;
  std::optional<ObjectRecord> before, after;
  RunLengthMask delta;
};

// What the network said, or a file to import held: inputs of an event, kept with it.
struct RecordedAnswer {
  RunLengthMask voxels;
  double predicted_iou = 0, stability = 0;
};

// What is not in the voxels; equal texts are equal objects. Revisions are not part of it.
std::string record_to_json(const ObjectRecord& record);
// Throws nlohmann::json::exception or Error{corrupt_data} for a text that is none.
ObjectRecord record_from_json(const std::string& text);

// area and slices of the object, from its voxels.
void measure(ObjectRecord& record, const ImageGeometry& grid);

}  // namespace sonde
