// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <nlohmann/json.hpp>

#include "sonde/core/json_text.h"
#include "sonde/io/own_file.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;

// x, y, width, height as the published automatic masks have them: a mask of one pixel has a bbox of size 0.
Json corner_and_size(const Box2& box) { return {box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0}; }

// 1: "object"; from 2 on the classes.
std::size_t category_of(const ScoredRle& mask, const std::vector<std::string>& classes) {
  const auto found = std::ranges::find(classes, mask.class_name);
  return found == classes.end() ? 1 : 2 + static_cast<std::size_t>(found - classes.begin());
}

Json categories_of(const std::vector<std::string>& classes) {
  Json categories = Json::array({{{"id", 1}, {"name", "object"}, {"supercategory", "object"}}});
  for (std::size_t i = 0; i < classes.size(); ++i)
    categories.push_back({{"id", 2 + i}, {"name", classes[i]}, {"supercategory", "object"}});
  return categories;
}

Json to_json(const ScoredRle& mask, std::size_t id, std::size_t category) {
  Json json{{"id", id},
            {"image_id", 1},
            {"category_id", category},
            {"segmentation",
             {{"size", {mask.rle.extent.height, mask.rle.extent.width}}, {"counts", coco_string(mask.rle)}}},
            {"area", area_px(mask.rle)},
            {"bbox", corner_and_size(mask.box)},
            {"iscrowd", 0},
            {"predicted_iou", mask.predicted_iou},
            {"stability_score", mask.stability},
            {"point_coords", Json::array({Json::array({mask.point.x, mask.point.y})})},
            {"crop_box", corner_and_size(mask.crop_box)}};
  if (!mask.class_name.empty()) {
    json["class"] = mask.class_name;
    json["class_iou"] = mask.class_iou;
  }
  return json;
}

}  // namespace

std::string coco_json(const std::string& file_name, Extent2 extent, const std::vector<ScoredRle>& masks,
                      const std::vector<std::string>& classes) {
  Json document{
      {"info",
       {{"description", "masks predicted by a network, " + std::string(kOwnMark)}, {"version", "1.0"}}},
      {"licenses", Json::array()},
      {"images",
       Json::array(
           {{{"id", 1}, {"file_name", file_name}, {"width", extent.width}, {"height", extent.height}}})},
      {"categories", categories_of(classes)},
      {"annotations", Json::array()}};
  for (std::size_t i = 0; i < masks.size(); ++i)
    document["annotations"].push_back(to_json(masks[i], i + 1, category_of(masks[i], classes)));
  // A file name need not be UTF-8; JSON must.
  return json_text(document) + "\n";
}

}  // namespace sonde
