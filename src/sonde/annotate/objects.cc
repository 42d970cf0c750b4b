// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/objects.h"

namespace sonde {

std::string_view to_string(Overlap overlap) {
  switch (overlap) {
    case Overlap::keep:
      return "keep";
    case Overlap::overwrite:
      return "overwrite";
    case Overlap::allow:
      return "allow";
  }
  return "";
}

}  // namespace sonde
