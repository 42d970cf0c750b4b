// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sonde/annotate/export.h"
#include "sonde/annotate/project.h"
#include "sonde/io/dicom/seg.h"

namespace sonde {

struct ImportResult {
  std::int64_t objects = 0;
  std::int64_t known = 0;  // masks that an earlier import has brought
  std::vector<std::string> notes;
  std::vector<Refusal> failures;  // of mask files
};

struct ImportOptions {
  FrameOfReference frame_of_reference = FrameOfReference::same;  // of DICOM segmentations
};

// Adds what masks show as approved objects: `masks` is a file or a folder, as docs/formats.md says; a file's
// objects are one action, which can be undone. Labels that are not there yet are added. An image that has not
// been opened is read. New labels get the values that they have in the masks, where those are free. Masks
// that have been imported before, by their names and bytes, are passed over. A mask that cannot be used is a
// failure and stops no other. Throws Error: not_found, unsupported if there is no mask at all.
ImportResult import_masks(Project& project, const std::filesystem::path& masks,
                          const ImportOptions& options = {});

}  // namespace sonde
