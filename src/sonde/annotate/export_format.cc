// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/export.h"
#include "sonde/core/error.h"

namespace sonde {
ExportFormat parse_export_format(std::string_view text) {
  if (const auto format = from_word<ExportFormat>(text)) return *format;
  throw Error(ErrorKind::usage,
              "format \"" + std::string(text) + "\" is not known: png, nifti, nrrd, coco or dicom-seg");
}

ExportEach parse_export_each(std::string_view text) {
  if (const auto each = from_word<ExportEach>(text)) return *each;
  throw Error(ErrorKind::usage, "each \"" + std::string(text) + "\" is not known: labels or objects");
}

}  // namespace sonde
