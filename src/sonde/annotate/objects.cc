// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/objects.h"

namespace sonde {

std::string_view name_of(Overlap overlap) {
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
