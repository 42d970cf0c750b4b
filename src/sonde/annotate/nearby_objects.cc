// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/nearby_objects.h"

#include <algorithm>

namespace sonde {
namespace {

// Few enough that objects as large as the grid cost little, many enough that small ones have few neighbours.
constexpr std::size_t kBlocks = 256;

}  // namespace

NearbyObjects::NearbyObjects(Extent3 extent)
    : block_size_(static_cast<std::uint64_t>(voxel_count(extent)) / kBlocks + 1), blocks_(kBlocks) {}

NearbyObjects::Blocks NearbyObjects::reach_of(const RunLengthMask& voxels) const {
  if (voxels.runs.empty()) return {};
  const VoxelRun& last = voxels.runs.back();
  return {voxels.runs.front().first / block_size_, (last.first + last.count - 1) / block_size_ + 1};
}

void NearbyObjects::add(ObjectId id, const RunLengthMask& voxels) {
  const auto [begin, end] = reach_of(voxels);
  for (std::size_t block = begin; block < end; ++block) blocks_[block].push_back(id);
}

std::vector<ObjectId> NearbyObjects::near(const RunLengthMask& voxels) const {
  const auto [begin, end] = reach_of(voxels);
  std::vector<ObjectId> ids;
  for (std::size_t block = begin; block < end; ++block)
    ids.insert(ids.end(), blocks_[block].begin(), blocks_[block].end());
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  return ids;
}

}  // namespace sonde
