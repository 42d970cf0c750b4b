// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <nlohmann/json.hpp>

#include "sonde/annotate/export_map.h"
#include "sonde/core/durable_file.h"
#include "sonde/core/json_text.h"
#include "sonde/imaging/rle.h"
#include "sonde/io/own_file.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;

class CocoExport : public ExportWriter {
 public:
  explicit CocoExport(const ExportTarget& target) : target_(target) {
    check_replaceable(file(), target_.existing);
    for (const Label& label : target.labels)
      categories_.push_back(
          {{"id", label.value}, {"name", label.name}, {"supercategory", ""}, {"color", label.colour}});
  }

  void add(const ExportImage& image) override {
    const SlicePlane plane = slice_plane(image.grid, default_axis(image.grid));
    std::vector<std::int64_t> ids(
        static_cast<std::size_t>(plane.slice_count));  // of the slices, once they are needed
    for (const ExportObject& object : image.objects) {
      const auto [first, last] = slices_of(bounds(object.voxels).value(), plane);
      for (std::int64_t slice = first; slice <= last; ++slice) {
        const RunLengthMask pixels = pixels_on_slice(object.voxels, plane, slice);
        if (pixels.runs.empty()) continue;
        std::int64_t& id = ids[static_cast<std::size_t>(slice)];
        if (id == 0) id = add_picture(image, plane, slice);
        add_annotation(object, id, encode_rle(cropped(pixels), plane.extent));
      }
    }
  }

  ExportResult finish() override {
    const Json document{
        {"info", {{"description", "annotated by people, " + std::string(kOwnMark)}, {"version", "1.0"}}},
        {"licenses", Json::array()},
        {"images", std::move(images_)},
        {"categories", std::move(categories_)},
        {"annotations", std::move(annotations_)}};
    prepare_file(target_, file());
    // A file name need not be UTF-8; JSON must.
    write_durably(file(), json_text(document) + "\n");
    result_.files.push_back(file());
    return std::move(result_);
  }

 private:
  std::filesystem::path file() const { return target_.folder / "annotations.json"; }

  std::int64_t add_picture(const ExportImage& image, const SlicePlane& plane, std::int64_t slice) {
    std::string name = image.source.name;
    if (!is_plain(image.grid))
      name.append("#").append(to_string(plane.axis)).append(":").append(std::to_string(slice));
    const auto id = static_cast<std::int64_t>(images_.size()) + 1;
    images_.push_back(
        {{"id", id}, {"file_name", name}, {"width", plane.extent.width}, {"height", plane.extent.height}});
    return id;
  }

  void add_annotation(const ExportObject& object, std::int64_t image, const Rle& rle) {
    const Box2 box = bounding_box(rle).value();
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
  ExportResult result_;
  Json images_ = Json::array(), categories_ = Json::array(), annotations_ = Json::array();
};

}  // namespace

std::unique_ptr<ExportWriter> coco_export(const ExportTarget& target) {
  return std::make_unique<CocoExport>(target);
}

}  // namespace sonde
