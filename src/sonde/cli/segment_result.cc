// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/segment_result.h"

#include <iomanip>
#include <iostream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "sonde/cli/outputs.h"
#include "sonde/cli/standard_streams.h"
#include "sonde/core/fields.h"
#include "sonde/predict/class_masks.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;

bool is_label_map(const SegmentResult& result) { return result.files.size() < result.masks.size(); }

Json mask_json(const SegmentResult& result, std::size_t i) {
  const ScoredMask& candidate = result.masks[i];
  const auto box = bounding_box(candidate.mask);
  const auto& number = result.candidates[i];
  Json json{{"file", is_label_map(result) ? result.files.front() : result.files[i]},
            {"candidate", number ? Json(*number) : Json(nullptr)},
            {"predicted_iou", candidate.predicted_iou},
            {"stability_score", candidate.stability},
            {"area_px", area_px(candidate.mask)},
            {"box", box ? Json{box->x0, box->y0, box->x1, box->y1} : Json(nullptr)}};
  if (result.classes.empty()) return json;
  json["class"] = result.classes[i];
  json["present"] = is_present(candidate);
  json["object_score"] = candidate.object_score.value_or(0);
  if (is_label_map(result)) json["value"] = i + 1;
  return json;
}

void print_mask(const SegmentResult& result, std::size_t i) {
  const ScoredMask& candidate = result.masks[i];
  std::cout << "  ";
  if (!is_label_map(result)) std::cout << escaped_on_one_line(result.files[i]) << ": ";
  if (!result.classes.empty()) std::cout << escaped_on_one_line(result.classes[i]);
  if (is_label_map(result)) std::cout << " (" << i + 1 << ")";
  if (!result.classes.empty()) std::cout << (is_label_map(result) ? ": " : ", ");
  std::cout << area_px(candidate.mask) << " px, predicted IoU " << candidate.predicted_iou << ", stability "
            << candidate.stability;
  if (candidate.object_score) std::cout << ", object score " << *candidate.object_score;
  std::cout << '\n';
}

}  // namespace

nlohmann::ordered_json to_json(const std::string& file, const SegmentResult& result, const SamModel& model) {
  Json masks = Json::array();
  for (std::size_t i = 0; i < result.masks.size(); ++i) masks.push_back(mask_json(result, i));
  Json json{
      {"masks", masks},
      {"prompt_kind", to_string(result.kind)},
      {"rule", result.rule ? Json(to_string(*result.rule)) : Json(nullptr)},
      {"timing_ms",
       {{"load", result.load_ms},
        {"encode", result.encode_ms},
        {"decode", result.decode_ms},
        {"post", result.post_ms}}},
      {"model", {{"name", model.name()}, {"architecture", model.architecture()}, {"sha256", model.sha256()}}},
      {"window", describe(result.picture.window)},
      {"image", image_json(file, result.picture)}};
  if (!result.overlay.empty()) json["overlay"] = result.overlay;
  return json;
}

void complain_of_absent(const std::string& file, const SegmentResult& result) {
  for (std::size_t i = 0; i < result.classes.size(); ++i) {
    if (is_present(result.masks[i]) || (i > 0 && result.classes[i] == result.classes[i - 1])) continue;
    std::ostringstream score;
    score << std::fixed << std::setprecision(2) << result.masks[i].object_score.value_or(0);
    complain(file + ": " + result.classes[i] + " is not in this picture (object score " + score.str() +
             "): its mask is empty");
  }
}

void print(const std::string& file, const SegmentResult& result) {
  const auto& picture = result.picture;
  const std::string slice = describe_slice(picture);
  std::cout << escaped_on_one_line(file) << ": " << picture.image.extent.width << " x "
            << picture.image.extent.height << (slice.empty() ? "" : ", " + slice) << ", window "
            << describe(picture.window) << '\n';
  for (const std::string& note : picture.volume.notes)
    std::cout << "  note: " << escaped_on_one_line(note) << '\n';
  std::cout << std::fixed << std::setprecision(3);
  for (std::size_t i = 0; i < result.masks.size(); ++i) print_mask(result, i);
  if (is_label_map(result)) std::cout << "  " << escaped_on_one_line(result.files.front()) << ": label map\n";
  if (!result.overlay.empty()) std::cout << "  " << escaped_on_one_line(result.overlay) << ": overlay\n";
  std::cout << std::setprecision(0) << "  load " << result.load_ms << " ms, encode " << result.encode_ms
            << " ms, decode " << result.decode_ms << " ms, post " << result.post_ms << " ms\n"
            << std::defaultfloat;
}

}  // namespace sonde
