// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonde/annotate/import_files.h"
#include "sonde/imaging/image_geometry.h"
#include "sonde/imaging/run_length_mask.h"
#include "sonde/io/dicom/seg.h"
#include "sonde/io/masks/label_scheme.h"

namespace sonde {

// An object that a mask shows.
struct MaskObject {
  std::string label, name;
  std::int32_t value = 0;  // that the label has in the mask; 0: none of its own
  RunLengthMask voxels;
};
struct MaskObjects {
  std::vector<MaskObject> objects;
  std::vector<std::string> notes;
};
// What the files of `group` show on the grid of their image, which `image` is. Throws Error naming the file.
MaskObjects objects_of(const MaskGroup& group, const ImageGeometry& grid, const LabelScheme& scheme,
                       const DicomSegImage& image);

}  // namespace sonde
