// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/annotate/project.h"
#include "sonde/core/progress.h"
#include "sonde/io/own_file.h"
#include "sonde/io/read.h"

namespace sonde {

enum class ExportFormat { png, nifti, nrrd, coco, dicom_seg };
constexpr auto words(ExportFormat /*format*/) {
  return Words{"ExportFormat", "png", "nifti", "nrrd", "coco", "dicom-seg"};
}
ExportFormat parse_export_format(std::string_view text);  // Error{usage} lists them
enum class ExportEach { labels, objects };                // one label map an image, or one file an object
constexpr auto words(ExportEach /*each*/) { return Words{"", "labels", "objects"}; }
ExportEach parse_export_each(std::string_view text);  // "labels", "objects"; Error{usage} lists them

struct ExportOptions {
  ExportFormat format = ExportFormat::png;
  ExportEach each = ExportEach::labels;
  std::filesystem::path folder;  // created, unless nothing is written; other files in it stay
  Existing existing = Existing::own_only;
};
struct ExportResult {
  std::vector<std::filesystem::path> files;
  std::vector<std::string> notes;
  std::vector<std::string> notices;  // of images that have changed under what was written
  std::vector<Refusal> failures;
};

// For people: a line a failure, but one line for more than three of one reason.
std::vector<std::string> lines_of(const std::vector<Refusal>& failures);

// Writes the approved objects of every image that has any, as docs/formats.md says. An image that cannot be
// written is a failure and stops no other. `progress` counts images. Throws Error{unavailable} if the folder
// cannot be written, Error{usage} if its labels.json or annotations.json is not to be replaced, and what
// `progress` throws.
ExportResult export_project(const Project& project, const ExportOptions& options,
                            const Progress& progress = {});

}  // namespace sonde
