// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "sonde/train/tuner.h"

namespace sonde {

// The processes that train together, over Gloo. They meet in a file that is not there yet, or at rank 0's
// address.
class RankGroup {
 public:
  // Throws Error{usage} for options that cannot be, Error{conflict} where this rank has been at the meeting
  // before, Error{unavailable} naming who did not come within the time-out.
  explicit RankGroup(const RankOptions& options);
  ~RankGroup();
  // Replaces the numbers by their sums over all ranks, the same bytes on each. Throws Error{unavailable}
  // naming the rank that did not answer, once the time-out is over at the latest.
  void sum(std::span<float> numbers);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde
