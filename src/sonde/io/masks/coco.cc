// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "sonde/core/json_text.h"
#include "sonde/io/own_file.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;

// x, y, width, height as the published automatic masks have them: a mask of one pixel has a bbox of size 0.
Json corner_and_size(const Box2& box) { return {box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0}; }

Json to_json(const ScoredRle& mask, std::size_t id) {
  return {{"id", id},
          {"image_id", 1},
          {"category_id", 1},
          {"segmentation",
           {{"size", {mask.rle.extent.height, mask.rle.extent.width}}, {"counts", coco_string(mask.rle)}}},
          {"area", area_px(mask.rle)},
          {"bbox", corner_and_size(mask.box)},
          {"iscrowd", 0},
          {"predicted_iou", mask.predicted_iou},
          {"stability_score", mask.stability},
          {"point_coords", Json::array({Json::array({mask.point.x, mask.point.y})})},
          {"crop_box", corner_and_size(mask.crop_box)}};
}

}  // namespace

std::string coco_json(const std::string& file_name, Extent2 extent, const std::vector<ScoredRle>& masks) {
  Json document{
      {"info",
       {{"description", "masks predicted by a network, " + std::string(kOwnMark)}, {"version", "1.0"}}},
      {"licenses", Json::array()},
      {"images",
       Json::array(
           {{{"id", 1}, {"file_name", file_name}, {"width", extent.width}, {"height", extent.height}}})},
      {"categories", Json::array({{{"id", 1}, {"name", "object"}, {"supercategory", "object"}}})},
      {"annotations", Json::array()}};
  for (std::size_t i = 0; i < masks.size(); ++i) document["annotations"].push_back(to_json(masks[i], i + 1));
  // A file name need not be UTF-8; JSON must.
  return json_text(document) + "\n";
}

}  // namespace sonde
