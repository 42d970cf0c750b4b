// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sonde/annotate/export.h"
#include "sonde/annotate/objects.h"

namespace sonde {

// Mask files that belong together: one, or the slices of a volume.
struct MaskGroup {
  struct File {
    std::filesystem::path path;
    std::optional<PlaneRef> slice;  // of NAME_axial_071.png
  };
  ImageId image = 0;
  std::string suffix;  // of STEM_SUFFIX, or of STEM/003_SUFFIX
  std::vector<File> files;
};
struct FoundMasks {
  std::vector<MaskGroup> groups;
  std::vector<Refusal> failures;
  std::filesystem::path labels_folder;  // where labels.json would be
};
// The masks at `path`, a file or a folder (of masks, or with them in masks/ or labels/), and the images that
// they belong to by name; a DICOM segmentation also by the series that it names, and a single file to a
// project's only image. Throws Error: not_found, unavailable.
FoundMasks find_masks(const std::filesystem::path& path, std::span<const ImageSummary> images);

}  // namespace sonde
