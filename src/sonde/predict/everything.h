// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "sonde/core/progress.h"
#include "sonde/imaging/picture.h"
#include "sonde/imaging/scored_mask.h"
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

// One of the masks while others are still to come.
struct MaskSoFar {
  std::int64_t number = 0;  // its own from one time to the next, from 1
  ScoredRle mask;           // small regions are still in it
};
// Told after each batch of points, from the caller's thread: the masks that pass the thresholds and that no
// better one covers so far, best predicted IoU first. One that is not there any more does not come back,
// though it may be among the final ones.
using MasksSoFar = std::function<void(std::span<const MaskSoFar>)>;

// Masks of everything in a picture, best predicted IoU first, named where the model has learned classes
// (class_masks.h). Memory does not grow with the number of masks
// (run lengths). Progress is told after each point, by the thread that has done it, one at a time: what it
// throws ends the work within a point.
std::vector<ScoredRle> segment_everything(const SamModel& model, const RgbImage& picture,
                                          const EverythingOptions& options, const Progress& progress = {},
                                          const MasksSoFar& so_far = {});

}  // namespace sonde
