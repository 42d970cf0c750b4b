// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/core/words.h"

// What the decoder answered to the prompts of a measurement.
namespace sonde::bench {

enum class Situation {
  study_click,       // the pixel of the object farthest from its boundary
  person_click,      // a pixel drawn from those at least a third as far from the boundary
  two_clicks,        // the study's, and its correction of the best of the three candidates
  three_clicks,      // the same once more
  four_clicks,       //
  many_clicks,       // five to seven
  box,               // round the object
  jittered_box,      // its corners moved by up to a twentieth of its longer side, at least 2 pixels
  box_and_outside,   // the box, and a click at what the best of the three has too much
  box_and_inside,    // the box, and a click at what the best of the three lacks
  box_and_two,       // the box and both
  mask_and_click,    // the single answer to the box as a mask, and its correction by a click
  mask_and_box,      // that mask and the box
  logits_and_click,  // the study's click, its correction, and the logits that are corrected
  logits_and_clicks  // the same with three to six clicks, each time the logits of the answer before
};
constexpr auto words(Situation) {
  return Words{"",
               "study_click",
               "person_click",
               "two_clicks",
               "three_clicks",
               "four_clicks",
               "many_clicks",
               "box",
               "jittered_box",
               "box_and_outside",
               "box_and_inside",
               "box_and_two",
               "mask_and_click",
               "mask_and_box",
               "logits_and_click",
               "logits_and_clicks"};
}
inline constexpr std::size_t kSituations = words(Situation{}).list.size();

struct ScoredAnswer {
  double iou = 0;  // with the truth
  double predicted_iou = 0, stability = 0;
  std::int64_t area_px = 0;
  double clicks_kept = 1;  // share of the prompt's points on whose side the mask is; 1 without points
  double mean_logit = 0;   // inside the mask, in the low-resolution frame
};

struct Record {
  std::string dataset, image;
  std::int64_t object = 0;  // of the image
  Situation kind = Situation::study_click;
  std::int64_t draw = 0;  // of several prompts of one kind
  std::int64_t picture_px = 0, object_px = 0;
  std::array<ScoredAnswer, 3> candidates;
  ScoredAnswer single;
  std::array<double, 3> agreement{};    // IoU between candidates 0 and 1, 0 and 2, 1 and 2
  std::array<double, 3> with_single{};  // IoU between each and the single answer
};

void write_records(const std::filesystem::path& file, std::span<const Record> records);
std::vector<Record> read_records(const std::filesystem::path& file);  // throws Error{corrupt_data}

}  // namespace sonde::bench
