// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sonde {

// Where a data set's folder keeps what (docs/data-sets.md). The names of parts, in capitals or not: images,
// image, img, imgs, imagesTr; masks, mask; labels, label, labelsTr, segmentations, annotations, ...
struct SetLayout {
  std::filesystem::path images;    // empty: the folder has no such part
  std::filesystem::path masks;     // as masks/: of pictures
  std::filesystem::path labels;    // as labels/: of volumes or pictures
  std::vector<std::string> notes;  // of parts that are passed over: imagesTs
  bool is_data_set() const { return !images.empty() && (!masks.empty() || !labels.empty()); }
};
// Throws Error naming the folder: usage where two parts have names for one thing; unavailable.
SetLayout layout_in(const std::filesystem::path& folder);

// Folders directly in this one, hidden ones left out, by name. Throws Error{unavailable}.
std::vector<std::filesystem::path> folders_in(const std::filesystem::path& folder);

// Whether it has neither images nor parts but folders with an image and masks each, as named
// (is_named_as_mask): a folder a patient.
bool has_folder_per_patient(const std::filesystem::path& folder);

}  // namespace sonde
