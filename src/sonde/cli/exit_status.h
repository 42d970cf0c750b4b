// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sonde/core/error.h"

namespace sonde {

inline constexpr int kDone = 0;        // all inputs
inline constexpr int kSomeFailed = 1;  // each is named on stderr
inline constexpr int kBadUsage = 2;
inline constexpr int kNothingDone = 3;

inline int exit_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
    case ErrorKind::not_found:
      return kBadUsage;
    case ErrorKind::unsupported:
    case ErrorKind::corrupt_data:
    case ErrorKind::conflict:
    case ErrorKind::unavailable:
    case ErrorKind::internal:
      return kNothingDone;
  }
  return kNothingDone;
}

}  // namespace sonde
