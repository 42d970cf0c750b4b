// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "sonde/annotate/export.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr std::array<std::pair<std::string_view, ExportFormat>, 5> kFormats{
    {{"png", ExportFormat::png},
     {"nifti", ExportFormat::nifti},
     {"nrrd", ExportFormat::nrrd},
     {"coco", ExportFormat::coco},
     {"dicom-seg", ExportFormat::dicom_seg}}};

}  // namespace

ExportFormat parse_export_format(std::string_view text) {
  const auto found = std::ranges::find(kFormats, text, &std::pair<std::string_view, ExportFormat>::first);
  if (found != kFormats.end()) return found->second;
  throw Error(ErrorKind::usage,
              "format \"" + std::string(text) + "\" is not known: png, nifti, nrrd, coco or dicom-seg");
}

ExportEach parse_export_each(std::string_view text) {
  if (text == "labels") return ExportEach::labels;
  if (text == "objects") return ExportEach::objects;
  throw Error(ErrorKind::usage, "each \"" + std::string(text) + "\" is not known: labels or objects");
}

}  // namespace sonde
