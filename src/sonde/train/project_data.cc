// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "sonde/annotate/image_changes.h"
#include "sonde/annotate/open_image.h"
#include "sonde/annotate/snapshot.h"
#include "sonde/core/error.h"
#include "sonde/io/data_files.h"
#include "sonde/train/data.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

struct ApprovedObject {
  std::string class_name, name;
  RunLengthMask voxels;
};

// One slice that shows approved objects.
struct PlannedSlice {
  const ImageSummary* image = nullptr;
  SlicePlane plane;
  std::int64_t slice = 0;
  std::vector<const ApprovedObject*> objects;
};

// Reads images of a project, and keeps the last one, for its slices are asked for one after another.
class ImageReader {
 public:
  explicit ImageReader(WindowChoice window) : window_(std::move(window)) {}

  struct Shown {
    RgbImage image;
    std::string window;
  };
  Shown show(const ImageSource& source, const SlicePlane& plane, std::int64_t slice) {
    const std::lock_guard lock(mutex_);
    if (!volume_ || source.path != source_.path || source.series != source_.series ||
        source.frame != source_.frame) {
      volume_.reset();
      volume_ = read_image(source);
      source_ = source;
    }
    const Picture picture = extract_slice(*volume_, plane, slice);
    const UsedWindow used = resolve_window(window_, *volume_, picture);
    return {apply_window(picture, used), describe(used)};
  }
  Extent3 extent() const { return volume_.value().geometry.extent; }

 private:
  WindowChoice window_;
  std::mutex mutex_;
  ImageSource source_;
  std::optional<Volume> volume_;
};

std::vector<ApprovedObject> approved_objects(const Project& project, const ImageSummary& image,
                                             const std::map<LabelId, std::string>& labels) {
  std::vector<ApprovedObject> objects;
  for (const AnnotatedObject& object : project.objects(image.id)) {
    if (object.state != ObjectState::approved || object.area == 0) continue;
    objects.push_back(
        {labels.at(object.label.value()), "object " + std::to_string(object.id), project.voxels(object.id)});
  }
  return objects;
}

void append_slices(const ImageSummary& image, const std::vector<ApprovedObject>& objects,
                   const DataOptions& options, std::vector<PlannedSlice>& slices) {
  const SlicePlane plane = slice_plane(image.grid.value(), options.plan.axis);
  std::map<std::int64_t, std::vector<const ApprovedObject*>> of_slice;
  for (const ApprovedObject& object : objects) {
    const auto [first, last] = slices_of(bounds(object.voxels).value(), plane);
    for (std::int64_t slice = first; slice <= last; ++slice) {
      if (voxel_count(pixels_on_slice(object.voxels, plane, slice)) >= options.plan.min_area_px)
        of_slice[slice].push_back(&object);
    }
  }
  for (auto& [slice, shown] : of_slice) slices.push_back({&image, plane, slice, std::move(shown)});
}

// Evenly over those that there are, as plan_data_sets does.
void apply_limit(std::vector<PlannedSlice>& slices, std::int64_t limit) {
  const auto count = static_cast<std::int64_t>(slices.size());
  if (count <= limit) return;
  std::vector<PlannedSlice> kept;
  for (std::int64_t i = 0; i < limit; ++i)
    kept.push_back(std::move(slices[static_cast<std::size_t>((2 * i + 1) * count / (2 * limit))]));
  slices = std::move(kept);
}

TrainPicture read_slice(const PlannedSlice& planned, const std::string& dataset, const DataOptions& options,
                        const std::shared_ptr<ImageReader>& reader) {
  const ImageSource& source = planned.image->source;
  TrainPicture picture;
  picture.dataset = dataset;
  picture.image = source.name;
  if (planned.plane.slice_count > 1)
    picture.image += '#' + std::string(to_string(planned.plane.axis)) + ':' + std::to_string(planned.slice);
  picture.whole = source.path.string() + (source.series.empty() ? "" : '#' + source.series);
  picture.file = source.path;
  ImageReader::Shown shown = reader->show(source, planned.plane, planned.slice);
  if (reader->extent() != planned.image->grid.value().extent)
    throw Error(ErrorKind::corrupt_data,
                source.path.string() + ": has another size than when it was annotated");
  picture.window = shown.window;
  std::vector<Mask> masks;
  for (const ApprovedObject* object : planned.objects) {
    picture.objects.push_back({object->class_name, object->name, 0, {}});
    masks.push_back(slice_from_voxels(object->voxels, planned.plane, planned.slice));
  }
  complete(picture, {std::move(shown.image), std::move(masks)}, options);
  picture.load = [reader, source, plane = planned.plane, slice = planned.slice] {
    return reader->show(source, plane, slice).image;
  };
  return picture;
}

}  // namespace

bool is_project(const fs::path& folder) {
  std::error_code unknown;
  return fs::is_regular_file(folder / "sonde.sqlite", unknown);
}

TrainingData read_project(const fs::path& folder, const std::string& name, const DataOptions& options,
                          const Progress& progress) {
  const ProjectSnapshot snapshot(folder);
  const Project& project = snapshot.project();
  std::map<LabelId, std::string> labels;
  for (const Label& label : project.labels()) labels[label.id] = label.name;
  const std::vector<ImageSummary> images = project.images();
  std::map<ImageId, std::vector<ApprovedObject>> objects;
  std::vector<PlannedSlice> slices;
  TrainingData data;
  for (const ImageSummary& image : images) {
    objects[image.id] = approved_objects(project, image, labels);
    if (objects[image.id].empty()) continue;
    append_slices(image, objects[image.id], options, slices);
    if (const auto notice = notice_of_change(image))
      data.notes.push_back(name + ": " + image.source.name + ": " + *notice);
  }
  if (options.plan.limit) apply_limit(slices, *options.plan.limit);
  const auto reader = std::make_shared<ImageReader>(options.window);
  for (std::size_t i = 0; i < slices.size(); ++i) {
    const ImageSource& source = slices[i].image->source;
    try {
      data.pictures.push_back(read_slice(slices[i], name, options, reader));
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      data.failures.push_back(
          {name, source.name, {}, FailureKind::unreadable_image, reason_naming(source.path, error)});
    }
    if (progress)
      progress({name, static_cast<std::int64_t>(i) + 1, static_cast<std::int64_t>(slices.size())});
  }
  if (slices.empty()) data.notes.push_back(name + ": no image has an approved object that is large enough");
  data.origins.push_back({name, "", "", "annotated with sonde"});
  return data;
}

}  // namespace sonde
