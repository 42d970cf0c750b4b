// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sonde/annotate/objects.h"
#include "sonde/imaging/run_length_mask.h"

namespace sonde {

// Which objects may have voxels in common with a set, without a look at each object: the grid's voxels are
// cut into blocks, and each block knows the objects that it lies between the first and the last voxel of.
class NearbyObjects {
 public:
  explicit NearbyObjects(Extent3 extent);

  // Once more where an object has other voxels now: what it had stays known too.
  void add(ObjectId id, const RunLengthMask& voxels);
  std::vector<ObjectId> near(const RunLengthMask& voxels) const;  // by id; more than there are, never fewer

 private:
  struct Blocks {
    std::size_t begin = 0, end = 0;
  };
  Blocks reach_of(const RunLengthMask& voxels) const;

  std::uint64_t block_size_;
  std::vector<std::vector<ObjectId>> blocks_;
};

}  // namespace sonde
