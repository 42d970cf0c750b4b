// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <nlohmann/json.hpp>

#include "sonde/annotate/export_map.h"
#include "sonde/core/durable_file.h"
#include "sonde/core/json_text.h"
#include "sonde/imaging/rle.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t along(const VoxelBounds& bounds, int axis) {
  return axis == 0 ? bounds.i0 : axis == 1 ? bounds.j0 : bounds.k0;
}
std::int64_t end_along(const VoxelBounds& bounds, int axis) {
  return axis == 0 ? bounds.i1 : axis == 1 ? bounds.j1 : bounds.k1;
}

// First and last step along an axis of a plane.
struct Reach {
  std::int64_t first = 0, last = 0;
};
Reach reach(const VoxelBounds& bounds, GridAxis axis, std::int64_t steps) {
  const Reach forward{along(bounds, axis.axis), end_along(bounds, axis.axis)};
  if (axis.sense == GridAxis::Sense::forward) return forward;
  return {steps - 1 - forward.last, steps - 1 - forward.first};
}

// What an object has on one picture: its runs and the box of whole pixels.
struct Region {
  Rle rle;
  Box2 box;
};

Box2 box_of(const Mask& mask, const Box2& within) {
  Box2 box{within.x1, within.y1, within.x0, within.y0};
  const auto last_x = static_cast<std::int64_t>(within.x1), last_y = static_cast<std::int64_t>(within.y1);
  for (auto y = static_cast<std::int64_t>(within.y0); y <= last_y; ++y) {
    for (auto x = static_cast<std::int64_t>(within.x0); x <= last_x; ++x) {
      if (mask.pixels[static_cast<std::size_t>(y * mask.extent.width + x)] == 0) continue;
      const auto column = static_cast<double>(x), row = static_cast<double>(y);
      box = {std::min(box.x0, column), std::min(box.y0, row), std::max(box.x1, column),
             std::max(box.y1, row)};
    }
  }
  return box;
}

class CocoExport : public ExportWriter {
 public:
  explicit CocoExport(const ExportTarget& target) : target_(target) {
    for (const Label& label : target.labels)
      categories_.push_back(
          {{"id", label.value}, {"name", label.name}, {"supercategory", ""}, {"color", label.colour}});
  }

  void add(const ExportImage& image) override {
    const SlicePlane plane = slice_plane(image.grid, default_axis(image.grid));
    std::vector<std::int64_t> ids(
        static_cast<std::size_t>(plane.slice_count));  // of the slices, once they are needed
    for (const ExportObject& object : image.objects) {
      const auto bounds_now = bounds(object.voxels);
      if (!bounds_now) continue;
      const Reach columns = reach(*bounds_now, plane.column, plane.extent.width);
      const Reach rows = reach(*bounds_now, plane.row, plane.extent.height);
      const Reach slices = reach(*bounds_now, plane.slice, plane.slice_count);
      const Box2 within{static_cast<double>(columns.first), static_cast<double>(rows.first),
                        static_cast<double>(columns.last), static_cast<double>(rows.last)};
      for (std::int64_t slice = slices.first; slice <= slices.last; ++slice) {
        const Mask mask = slice_from_voxels(object.voxels, plane, slice);
        const Rle rle = encode_rle(mask, within);
        if (area_px(rle) == 0) continue;
        std::int64_t& id = ids[static_cast<std::size_t>(slice)];
        if (id == 0) id = add_picture(image, plane, slice);
        add_annotation(object, id, {rle, box_of(mask, within)});
      }
    }
  }

  void finish() override {
    const Json document{{"info", {{"description", "annotated with sonde"}, {"version", "1.0"}}},
                        {"licenses", Json::array()},
                        {"images", std::move(images_)},
                        {"categories", std::move(categories_)},
                        {"annotations", std::move(annotations_)}};
    const auto file = target_.folder / "annotations.json";
    create_folder_of(file);
    // A file name need not be UTF-8; JSON must.
    write_durably(file, json_text(document) + "\n");
    target_.result->files.push_back(file);
  }

 private:
  std::int64_t add_picture(const ExportImage& image, const SlicePlane& plane, std::int64_t slice) {
    std::string name = image.source.name;
    if (!is_plain(image.grid))
      name.append("#").append(name_of(plane.axis)).append(":").append(std::to_string(slice));
    const auto id = static_cast<std::int64_t>(images_.size()) + 1;
    images_.push_back(
        {{"id", id}, {"file_name", name}, {"width", plane.extent.width}, {"height", plane.extent.height}});
    return id;
  }

  void add_annotation(const ExportObject& object, std::int64_t image, const Region& region) {
    const auto& [rle, box] = region;
    annotations_.push_back(
        {{"id", annotations_.size() + 1},
         {"image_id", image},
         {"category_id", object.label.value},
         {"segmentation", {{"size", {rle.extent.height, rle.extent.width}}, {"counts", coco_string(rle)}}},
         {"area", area_px(rle)},
         {"bbox", {box.x0, box.y0, box.x1 - box.x0 + 1, box.y1 - box.y0 + 1}},
         {"iscrowd", 0},
         {"object", object.id},
         {"name", object.name}});
  }

  ExportTarget target_;
  Json images_ = Json::array(), categories_ = Json::array(), annotations_ = Json::array();
};

}  // namespace

std::unique_ptr<ExportWriter> coco_export(const ExportTarget& target) {
  return std::make_unique<CocoExport>(target);
}

}  // namespace sonde
