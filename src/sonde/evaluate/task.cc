// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/task.h"

namespace sonde {

std::string_view to_string(FailureKind kind) {
  switch (kind) {
    case FailureKind::missing_image:
      return "missing_image";
    case FailureKind::missing_mask:
      return "missing_mask";
    case FailureKind::unreadable_image:
      return "unreadable_image";
    case FailureKind::unreadable_mask:
      return "unreadable_mask";
    case FailureKind::size_mismatch:
      return "size_mismatch";
    case FailureKind::empty_mask:
      return "empty_mask";
    case FailureKind::unnamed_label:
      return "unnamed_label";
    case FailureKind::not_segmented:
      return "not_segmented";
  }
  return "";
}

}  // namespace sonde
