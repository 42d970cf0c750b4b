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

Json to_json(const CocoAnnotation& annotation, std::size_t id) {
  return {{"id", id},
          {"image_id", 1},
          {"category_id", 1},
          {"segmentation",
           {{"size", {annotation.rle.extent.height, annotation.rle.extent.width}},
            {"counts", coco_string(annotation.rle)}}},
          {"area", area_px(annotation.rle)},
          {"bbox", corner_and_size(annotation.box)},
          {"iscrowd", 0},
          {"predicted_iou", annotation.predicted_iou},
          {"stability_score", annotation.stability_score},
          {"point_coords", Json::array({Json::array({annotation.point.x, annotation.point.y})})},
          {"crop_box", corner_and_size(annotation.crop_box)}};
}

}  // namespace

std::string coco_json(const std::string& file_name, Extent2 extent,
                      const std::vector<CocoAnnotation>& annotations) {
  Json document{
      {"info",
       {{"description", "masks predicted by a network, " + std::string(kOwnMark)}, {"version", "1.0"}}},
      {"licenses", Json::array()},
      {"images",
       Json::array(
           {{{"id", 1}, {"file_name", file_name}, {"width", extent.width}, {"height", extent.height}}})},
      {"categories", Json::array({{{"id", 1}, {"name", "object"}, {"supercategory", "object"}}})},
      {"annotations", Json::array()}};
  for (std::size_t i = 0; i < annotations.size(); ++i)
    document["annotations"].push_back(to_json(annotations[i], i + 1));
  // A file name need not be UTF-8; JSON must.
  return json_text(document) + "\n";
}

}  // namespace sonde
