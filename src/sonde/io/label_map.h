// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sonde/imaging/image_geometry.h"
#include "sonde/io/read.h"

namespace sonde {

// same: a segmentation in another frame of reference than its image's is refused: the same numbers are other
// places in the patient. any: it is taken with a note.
enum class FrameOfReference { same, any };
// The image that a segmentation is read for: read_volume(path, options).
struct DicomSegImage {
  std::filesystem::path path{};
  ReadOptions options{};
  FrameOfReference frame_of_reference = FrameOfReference::same;
};

struct LabelMap {
  ImageGeometry geometry;
  std::vector<std::int32_t> labels;  // x fastest, then y, then z; 0 is background
};

// The labels of a file. Where some overlap they lie in several layers; no value is in two of them.
struct LabelLayers {
  std::vector<LabelMap> layers{};               // at least one, all of one grid
  std::map<std::int64_t, std::string> names{};  // that the file itself gives
  std::vector<std::string> notes{};             // one line each, without the file's name
  // part: the file holds no more of the image's grid than its labels need (on_grid).
  enum class Covers { image, part } covers = Covers::image;
};

// Labels are the values as stored (PixelValues::stored): indices of a palette, not its colours; no window.
// Pictures are turned as their images are. Read are grey and palette PNG and TIFF, colour pictures whose
// three channels agree, and every volume format of read_volume, with numbers no further than 1/1000 from
// whole ones; -1 is background, with a note. Segments of a .seg.nrrd keep their values where those are unique
// in the file, and are numbered from 1 where they are not. A DICOM segmentation comes on the grid of `image`,
// its segments being numbered as there, and in its frame of reference. Several frames are labels of their
// own, numbered from 1, if they hold 0 and one other value, but for the first if it is what the others leave
// out; where `image` has as many frames they are time points unless the first is that, and the first is
// taken. `image`: what is labelled; without a path: it has one frame. Throws Error naming the path:
// not_found; corrupt_data (not a whole number); unsupported (colours; frames that are neither; the soft edges
// of a mask that was smoothed or has been a JPEG).
LabelLayers read_labels(const std::filesystem::path& path, const DicomSegImage& image = {});

// Puts `value` where `voxels` is not 0: into the first layer that has no label there, or a new one like the
// first.
void add_label(LabelLayers& labels, std::int32_t value, const std::vector<std::uint8_t>& voxels);

}  // namespace sonde
