// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "sonde/predict/everything.h"

namespace sonde {

// The masks of a running job as they are answered (docs/http.md, JOB). Each is encoded once, though it is
// shown again and again.
class MaskPreview {
 public:
  std::string show(std::span<const MaskSoFar> masks);

 private:
  std::map<std::int64_t, std::string> encoded_;  // what was shown last, by number
};

}  // namespace sonde
