// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/object_record.h"

#include <array>

#include "sonde/core/json_fields.h"

namespace sonde {

// What is kept of an object besides its voxels and revisions.
template <class V>
void describe(V& v, ObjectRecord& record) {
  describe(v, record.object);
  v("asked_at", record.asked_at);
}

std::string record_to_json(const ObjectRecord& record) { return json_text(to_json<Layout::stored>(record)); }

ObjectRecord record_from_json(const std::string& text) {
  return from_json<ObjectRecord, Layout::stored>(parse_ordered_json(text));
}

void measure(ObjectRecord& record, const ImageGeometry& grid) {
  record.object.area = voxel_count(*record.voxels);
  const std::optional<VoxelBounds> box = bounds(*record.voxels);
  record.object.slices = std::nullopt;
  if (!box) return;
  constexpr std::array kAxes{Axis::axial, Axis::coronal, Axis::sagittal};
  auto& slices = record.object.slices.emplace();
  for (std::size_t a = 0; a < kAxes.size(); ++a) slices[a] = slices_of(*box, slice_plane(grid, kAxes[a]));
}

}  // namespace sonde
