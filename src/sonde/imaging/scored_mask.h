// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sonde/imaging/picture.h"
#include "sonde/imaging/prompt.h"
#include "sonde/imaging/rle.h"

// A mask that a network gave, with what it says of it.
namespace sonde {

struct ScoredMask {
  Mask mask;  // at the picture's extent, logits above 0
  double predicted_iou = 0;
  // IoU of the mask cut at +1 and at -1 (logits at the picture's extent); 0 if both are empty.
  double stability = 0;
  LowResLogits low_res{};  // 256 x 256, may be sent back as Prompt::mask
  // Of a prompt with a class: a logit, below 0 where the class is not in the picture.
  std::optional<double> object_score{};
};

// As run lengths: one of everything in a picture.
struct ScoredRle {
  Rle rle;
  double predicted_iou = 0, stability = 0;
  std::int64_t area_px = 0;
  Box2 box{};       // maxima included
  Point2 point{};   // of the grid, that proposed it; pixels of the picture
  Box2 crop_box{};  // x0, y0, x1, y1 of the crop that the network looked at, maxima excluded as published
  std::string class_name{};  // of a model that has learned some; else, and where none fits, empty
  double class_iou = 0;      // with what the model finds of that class
};

}  // namespace sonde
