// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sonde/evaluate/task.h"
#include "sonde/imaging/picture.h"
#include "sonde/imaging/window.h"

namespace sonde {

// Distances between neighbouring pixels or voxels.
struct PixelSize {
  double width_mm = 1, height_mm = 1;
};

struct LoadedCase {
  RgbImage image;                       // windowed
  std::vector<Mask> truths;             // one a task of the case
  Mask any_class;                       // every pixel of any label of the picture, tasks or not
  std::optional<PixelSize> pixel_size;  // absent: not known, distances are in pixels
  std::string window;                   // describe(UsedWindow)
};

// The truth of a VolumeTask on the grid of its image.
struct VolumeTruth {
  BinaryVolume mask;
  SlicePlane plane;
  std::optional<std::array<double, 3>> voxel_mm;  // along i, j, k; absent: not known
};

// Reads pictures and truths. Safe to use from several threads; volumes stay in memory while their slices are
// asked for one after another (`volumes_kept` of each kind, the latest used). A lack of memory is
// std::bad_alloc.
class CaseLoader {
 public:
  explicit CaseLoader(WindowChoice window, std::size_t volumes_kept = 2);
  ~CaseLoader();
  CaseLoader(const CaseLoader&) = delete;
  CaseLoader& operator=(const CaseLoader&) = delete;

  std::variant<LoadedCase, StudyFailure> load(const StudyCase& study_case) const;
  std::variant<VolumeTruth, StudyFailure> load(const VolumeTask& task) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde
