// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sonde/train/data.h"

namespace sonde {

// Further pictures to train on, made of those of the training part: `views` - 1 of each, which are, in turn,
// its mirror image, another window (grey levels 10 % steeper or flatter, brighter or darker) and a part of it
// (at least 0.8 of each side). What is drawn depends on seed and picture alone. Objects that become too small
// are left out, and with them views that show none. Pictures are read again.
std::vector<TrainPicture> views_of(const std::vector<TrainPicture>& pictures, int views,
                                   const DataOptions& options, const Progress& progress = {});

}  // namespace sonde
