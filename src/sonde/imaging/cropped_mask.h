// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sonde/imaging/picture.h"

namespace sonde {

// What lies from (x0, y0) on in a picture that is empty elsewhere: a small object of a large picture.
struct CroppedMask {
  std::int64_t x0 = 0, y0 = 0;
  Mask mask;
};

}  // namespace sonde
