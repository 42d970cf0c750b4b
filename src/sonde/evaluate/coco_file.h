// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "sonde/evaluate/task.h"
#include "sonde/imaging/rle.h"

namespace sonde {

// A COCO instances file: images, annotations and categories, as far as a study uses them.
struct CocoObject {
  std::string id;
  std::int64_t category = 0;
  std::variant<std::vector<std::vector<Point2>>, Rle> shape;
};
struct CocoImage {
  std::string file_name;
  Extent2 extent;
  std::vector<CocoObject> objects;
};
struct CocoFile {
  std::map<std::int64_t, std::string> categories;
  std::vector<CocoImage> images;       // as listed, each file name once
  std::vector<StudyFailure> failures;  // of images and annotations that cannot be understood
};
// Throws Error naming the path: as read_json_file; corrupt_data without the lists "images" and "annotations".
// The data set of the failures stays empty.
CocoFile read_coco_file(const std::filesystem::path& path);

// Throws Error{corrupt_data} for a shape that makes no mask.
Mask mask_of(const CocoObject& object, Extent2 extent);

// The image beside the JSON or in images/ beside it. Throws Error naming the file: corrupt_data for a name
// that leads out of the JSON's folder, by itself or through a link; not_found.
std::filesystem::path coco_image_file(const std::filesystem::path& json, const std::string& file_name);

}  // namespace sonde
