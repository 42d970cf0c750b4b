// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sonde/core/progress.h"
#include "sonde/imaging/picture.h"
#include "sonde/imaging/rle.h"
#include "sonde/predict/sam_model.h"

namespace sonde {

// Settings and defaults of the published SamAutomaticMaskGenerator.
struct EverythingOptions {
  std::int64_t points_per_side = 32;
  std::int64_t points_per_batch = 64;
  double pred_iou_threshold = 0.88;
  double stability_threshold = 0.95;
  double box_nms_threshold = 0.7;
  std::int64_t crop_layers = 0;
  double crop_nms_threshold = 0.7;
  double crop_overlap_ratio = 512.0 / 1500.0;
  std::int64_t crop_points_downscale = 1;
  std::int64_t min_region_area = 0;  // pixels; holes and islands below it are removed
};
// Throws Error{usage} naming the option and what is allowed.
void validate(const EverythingOptions& options);

struct ProposedMask {
  Rle rle;
  std::int64_t area_px = 0;
  Box2 box;  // maxima included
  double predicted_iou = 0, stability_score = 0;
  Point2 point;   // grid point, pixels of the picture
  Box2 crop_box;  // x0, y0, x1, y1 of the crop, maxima excluded as published
};
// Masks of everything in a picture, best predicted IoU first. Memory does not grow with the number of masks
// (run lengths).
std::vector<ProposedMask> segment_everything(const SamModel& model, const RgbImage& picture,
                                             const EverythingOptions& options, const Progress& progress = {});

}  // namespace sonde
