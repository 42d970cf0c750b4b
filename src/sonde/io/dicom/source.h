// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "sonde/io/dicom/header.h"

namespace sonde {

// Where one slice of a volume comes from, k by k.
struct DicomSourceSlice {
  std::filesystem::path file;
  std::int64_t frame = 0, frame_count = 1;  // of the file
  DicomPlane plane;
  std::array<double, 2> spacing{};  // mm along i, along j
  double thickness = 0;             // mm; 0: not said
};
struct DicomSource {
  Extent3 extent;
  std::vector<DicomSourceSlice> slices;  // extent.z of them
};
// The files of the image that read_volume(path, options) reads. Throws Error naming the path: unsupported if
// it is not DICOM, or if its slices do not say where they lie in the patient; else as reading it.
DicomSource locate_dicom(const std::filesystem::path& path, const ReadOptions& options);
// The UID of the frame of reference of that image; empty where it is not DICOM or names none.
std::string frame_of_reference_of(const std::filesystem::path& path, const ReadOptions& options);

}  // namespace sonde
