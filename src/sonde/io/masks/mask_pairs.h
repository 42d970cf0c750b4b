// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sonde/io/data_files.h"
#include "sonde/io/masks/mask_names.h"

namespace sonde {

struct MaskFile {
  ImageFile file;
  MaskSuffix suffix;
};
struct ImageWithMasks {
  ImageFile image;
  std::vector<MaskFile> masks;  // none: it has no mask. Two of one suffix: which is meant is not known
};
struct LonelyMask {
  ImageFile file;
  std::string reason;  // why it belongs to no image
};
struct MaskPairs {
  std::vector<ImageWithMasks> images;  // in the order given, further channels left out
  std::vector<LonelyMask> lonely;
  std::vector<std::string> notes;  // of channels and masks that are left out
};
// By the names (ImageFile::stem) of images and masks. A mask of the image's own file name stands for all
// others without a suffix. NAME_0001, ... beside an image NAME_0000 whose mask is called NAME are its
// further channels.
MaskPairs pair_masks(std::span<const ImageFile> images, std::span<const ImageFile> masks);

// Files of folders that each hold one image and its masks, "p1/image" and "p1/mask": told apart by name
// (is_named_as_mask), and paired as above or, where that pairs nothing, because the folder has one image.
MaskPairs pair_in_folders(std::span<const ImageFile> files);

}  // namespace sonde
