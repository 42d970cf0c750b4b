// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sonde/annotate/objects.h"
#include "sonde/io/read.h"

namespace sonde {

struct GatheredImages {
  std::vector<ImageSource> images;  // in the order of the paths; names are unique
  std::vector<Refusal> refused;
};

// What can be annotated at `paths`, from headers alone. A path is a file, a folder or a pattern of a shell
// that matches some (with *, ? or [...]). Folders are searched with their subfolders, sorted by name (numbers
// by value); hidden files and what is not an image are passed over, and so is all but images/ of a data set
// (docs/data-sets.md), which has masks/ or labels/ beside it. An entry is a file, a DICOM series (or a part
// of it that is an image of its own), or a frame of either. What cannot be read is refused. Throws Error if
// nothing is left and something was asked for: not_found if no path leads anywhere, else unsupported.
GatheredImages gather_images(std::span<const std::string> paths);

}  // namespace sonde
