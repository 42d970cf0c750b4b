// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/evaluate/case_content.h"
#include "sonde/evaluate/coco_file.h"
#include "sonde/evaluate/label_tasks.h"
#include "sonde/evaluate/layouts.h"
#include "sonde/io/data_files.h"

namespace sonde {
namespace {

class Planner {
 public:
  Planner(const DataSetSource& source, const PlanOptions& options, CocoFile coco)
      : coco_(std::move(coco)), min_area_px_(options.min_area_px) {
    plan_.name = source.name;
    plan_.path = source.path;
    for (StudyFailure& failure : coco_.failures) {
      failure.dataset = source.name;
      if (failure.kind == FailureKind::unreadable_image) ++plan_.pictures_found;
      failed_images_.insert(failure.image);
    }
    plan_.failures = coco_.failures;
  }

  const std::vector<CocoImage>& images() const { return coco_.images; }

  void add_image(const CocoImage& image) {
    ++plan_.pictures_found;
    if (image.objects.empty()) {
      if (!failed_images_.contains(image.file_name))
        fail(image, FailureKind::missing_mask, plan_.path.string() + ": no annotation of " + image.file_name);
      return;
    }
    try {
      add_objects(image, coco_image_file(plan_.path, image.file_name));
    } catch (const Error& error) {
      fail(image,
           error.kind() == ErrorKind::not_found ? FailureKind::missing_image : FailureKind::unreadable_image,
           reason_naming(plan_.path, error));
    }
  }

  DataSetPlan finish() && { return std::move(plan_); }

 private:
  void fail(const CocoImage& image, FailureKind kind, const std::string& reason,
            std::optional<std::int64_t> label = std::nullopt) {
    plan_.failures.push_back({plan_.name, image.file_name, label, kind, reason});
  }

  void add_objects(const CocoImage& image, const std::filesystem::path& file) {
    StudyCase picture{plan_.name, image.file_name, file, std::nullopt, {}, {plan_.path}};
    std::int64_t largest = 0;
    std::string truth;
    for (const CocoObject& object : image.objects) {
      const auto pixels = pixels_of(image, object);
      if (!pixels) continue;
      truth += coco_string(*pixels) + '\n';
      const std::int64_t area = area_px(*pixels);
      largest = std::max(largest, area);
      const auto named = coco_.categories.find(object.category);
      if (named == coco_.categories.end() && !coco_.categories.empty()) {
        fail(image, FailureKind::unnamed_label,
             plan_.path.string() + ": annotation " + object.id + ": category " +
                 std::to_string(object.category) + " is not in \"categories\"",
             object.category);
      } else if (area < std::max<std::int64_t>(1, min_area_px_)) {
        ++plan_.labels_below_area;
      } else {
        picture.tasks.push_back({object.category, named == coco_.categories.end() ? "" : named->second,
                                 object.id, area, plan_.path});
      }
    }
    if (largest == 0) {
      fail(image, FailureKind::empty_mask,
           plan_.path.string() + ": the annotations of " + image.file_name + " hold no pixel");
    }
    if (picture.tasks.empty()) return;
    std::ranges::sort(picture.tasks, task_before);
    picture.content = content_of_case(file);
    picture.content.truth = sha256_hex(std::as_bytes(std::span(truth)));
    plan_.cases.push_back(std::move(picture));
  }

  std::optional<Rle> pixels_of(const CocoImage& image, const CocoObject& object) {
    try {
      return encode_rle(mask_of(object, image.extent));
    } catch (const std::exception& error) {
      fail(image, FailureKind::unreadable_mask,
           plan_.path.string() + ": annotation " + object.id + ": " + error.what());
      return std::nullopt;
    }
  }

  DataSetPlan plan_;
  CocoFile coco_;
  std::set<std::string> failed_images_;
  std::int64_t min_area_px_;
};

}  // namespace

DataSetPlan plan_coco(const DataSetSource& source, const PlanOptions& options, const Progress& progress) {
  Planner planner(source, options, read_coco_file(source.path));
  std::int64_t done = 0;
  for (const CocoImage& image : planner.images()) {
    planner.add_image(image);
    if (progress) progress({source.name, ++done, static_cast<std::int64_t>(planner.images().size())});
  }
  return std::move(planner).finish();
}

}  // namespace sonde
