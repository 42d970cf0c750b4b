// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sonde/imaging/image_geometry.h"
#include "sonde/imaging/run_length_mask.h"
#include "sonde/io/label_map.h"
#include "sonde/io/read.h"

namespace sonde {

// One segment to be written. Its voxels lie on the grid of the image.
struct DicomSegSegment {
  std::string label;                  // one line
  std::string description;            // may be empty
  std::array<std::uint8_t, 3> rgb{};  // as it should be shown
  RunLengthMask voxels;
};
// Writes a binary DICOM segmentation of the DICOM image that read_volume(source, options) reads, with its
// patient, study, frame of reference and geometry, a frame for each slice on which a segment has voxels.
// Segments may overlap. What was written is read back and compared before the file gets its name. Throws
// Error: unsupported naming the source (no DICOM, no place in the patient), usage (no segments, another
// extent), unavailable naming `path`.
void write_dicom_seg(const std::filesystem::path& path, const std::filesystem::path& source,
                     const ReadOptions& options, const std::vector<DicomSegSegment>& segments);

// A segmentation as it is stored: frames that lie anywhere in the patient.
struct DicomSegFrame {
  std::int32_t segment = 0;        // DicomSegInfo::number, which one of DicomSeg::segments has
  Vec3 position;                   // mm, LPS+, centre of the first pixel
  std::vector<std::uint8_t> bits;  // eight pixels a byte, the first in the lowest bit, row by row
};
struct DicomSegInfo {
  std::int32_t number = 0;  // above 0, no two of a file's alike; not always without gaps or in order
  std::string label, description;
};
struct DicomSeg {
  Extent2 extent;          // of a frame
  Vec3 column_mm, row_mm;  // a step along x, along y
  std::string series_uid;  // of the images that it was made of; may be empty
  std::string frame_of_reference_uid;
  std::vector<DicomSegInfo> segments;
  std::vector<DicomSegFrame> frames;
  std::vector<std::string> notes;
};
bool is_dicom_seg(const std::filesystem::path& path);
// Binary segmentations, label maps, and fractional ones from half of their range on. Throws Error naming the
// path.
DicomSeg read_dicom_seg(const std::filesystem::path& path);

// Also throws Error{unsupported} that names both frames of reference, where both are known (only of DICOM).
DicomSeg read_dicom_seg(const std::filesystem::path& path, const DicomSegImage& image);
// The voxels of a segment on an image's grid. Throws Error{unsupported} (without the path) if its frames do
// not lie on slices of the grid, in any of its three directions, to a hundredth of a voxel.
RunLengthMask voxels_of_segment(const DicomSeg& seg, std::int32_t segment, const ImageGeometry& grid);

}  // namespace sonde
