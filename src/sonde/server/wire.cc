// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/wire.h"

#include "sonde/core/json_text.h"

namespace sonde {

std::string request_name(const UsedWindow& used) {
  if (!used.window) return "none";
  if (used.name != "dicom") return used.name;
  return json_text(Json(used.window->centre)) + "," + json_text(Json(used.window->width));
}

}  // namespace sonde
