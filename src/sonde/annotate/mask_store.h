// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "sonde/annotate/objects.h"
#include "sonde/imaging/run_length_mask.h"

namespace sonde {

// The folder masks/ of a project, a copy of what its history leads to: a file for each object,
// ID-REVISION.voxels: "SNDVOX1\n", the extent of the grid (three 64-bit numbers, little endian),
// encode_voxels.
class MaskStore {
 public:
  explicit MaskStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Returns the SHA-256 of the file. Throws Error{unavailable}.
  std::string write(ObjectId object, Revision revision, const RunLengthMask& voxels) const;
  // Absent where the file is gone, damaged or not the one with this hash, or of another grid.
  std::optional<RunLengthMask> read(ObjectId object, Revision revision, const std::string& sha256,
                                    Extent3 extent) const;
  // Where it does not go, it is an orphan that sweep() removes.
  void remove(ObjectId object, Revision revision) const noexcept;
  // Makes the folder, and removes files that no object names (object to revision).
  void sweep(const std::map<ObjectId, Revision>& named) const;

 private:
  std::filesystem::path path_of(ObjectId object, Revision revision) const;

  std::filesystem::path folder_;
};

}  // namespace sonde
