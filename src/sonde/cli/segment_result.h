// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "sonde/cli/shared_options.h"
#include "sonde/imaging/answer_rule.h"
#include "sonde/predict/predictor.h"

namespace sonde {

// What sonde segment has made of one image, and how it is told.
struct SegmentResult {
  LoadedPicture picture;
  PromptKind kind = PromptKind::point;
  std::optional<AnswerRule> rule;
  Prediction masks;  // of a label map's classes in their order, none sharing a pixel
  std::vector<std::optional<std::size_t>> candidates;  // of each mask
  std::vector<std::string> files;                      // of each mask, or one label map
  std::vector<std::string> classes;                    // of each mask; empty: they are of none
  std::string overlay;
  double load_ms = 0, encode_ms = 0, decode_ms = 0, post_ms = 0;
};

nlohmann::ordered_json to_json(const std::string& file, const SegmentResult& result, const SamModel& model);
void print(const std::string& file, const SegmentResult& result);
// A line on stderr for each class that is not in the picture.
void complain_of_absent(const std::string& file, const SegmentResult& result);

}  // namespace sonde
