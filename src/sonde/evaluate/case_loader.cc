// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/case_loader.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "sonde/core/error.h"
#include "sonde/evaluate/coco_file.h"
#include "sonde/evaluate/label_tasks.h"
#include "sonde/evaluate/lru_file_cache.h"
#include "sonde/io/data_files.h"
#include "sonde/io/masks/label_grid.h"
#include "sonde/io/read.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

// A failure on its way to the boundary.
class CaseError : public Error {
 public:
  CaseError(FailureKind failure, const std::string& reason)
      : Error(ErrorKind::corrupt_data, reason), failure_(failure) {}
  FailureKind failure() const { return failure_; }

 private:
  FailureKind failure_;
};

// Runs `work` on `file`; what it throws becomes a failure of this kind.
template <typename Work>
auto on_file(FailureKind kind, const std::filesystem::path& file, const Work& work) {
  try {
    return work();
  } catch (const CaseError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw CaseError(kind, reason_naming(file, error));
  }
}

// The boundary: no exception passes it but a lack of memory, which need not be the file's fault.
template <typename Result, typename Work>
std::variant<Result, StudyFailure> or_failure(StudyFailure failure, const std::filesystem::path& file,
                                              const Work& work) {
  try {
    return work();
  } catch (const CaseError& error) {
    failure.kind = error.failure();
    failure.reason = error.what();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    failure.reason = reason_naming(file, error);
  }
  return failure;
}

// An image with the labels on its grid.
struct OpenImage {
  OpenImage(Volume read, std::size_t label_files_kept) : volume(std::move(read)), labels(label_files_kept) {}

  Volume volume;
  mutable LruFileCache<LabelLayers> labels;
  mutable std::once_flag window_found;
  mutable UsedWindow window;  // where it is the same for all slices
};
constexpr std::size_t kLabelFilesKept = 8;  // of one image

struct OpenCoco {
  std::map<std::string, CocoImage> images;
};

std::shared_ptr<const OpenImage> open_image(const std::filesystem::path& path) {
  return on_file(FailureKind::unreadable_image, path,
                 [&] { return std::make_shared<const OpenImage>(read_volume(path), kLabelFilesKept); });
}

std::shared_ptr<const LabelLayers> open_labels(const OpenImage& image,
                                               const std::filesystem::path& image_file,
                                               const std::filesystem::path& path) {
  return image.labels.get(path, [&](const auto&) {
    return on_file(FailureKind::unreadable_mask, path, [&] {
      LabelLayers stored =
          read_labels(path, {image_file, {}, FrameOfReference::any});  // planning has refused others
      const ImageGeometry stored_grid = stored.layers[0].geometry;
      auto labels = on_grid(std::move(stored), image.volume.geometry);
      if (!labels) {
        throw CaseError(FailureKind::size_mismatch,
                        path.string() + ": " +
                            mismatch(stored_grid, image_file.filename().string(), image.volume.geometry));
      }
      return std::make_shared<const LabelLayers>(std::move(*labels));
    });
  });
}

std::shared_ptr<const OpenCoco> open_coco(const std::filesystem::path& path) {
  return on_file(FailureKind::unreadable_mask, path, [&] {
    auto coco = std::make_shared<OpenCoco>();
    for (CocoImage& image : read_coco_file(path).images) {
      const std::string name = image.file_name;
      coco->images.emplace(name, std::move(image));
    }
    return std::shared_ptr<const OpenCoco>(std::move(coco));
  });
}

bool is_coco(const std::filesystem::path& truth_file) { return lower_extension(truth_file) == ".json"; }

Mask mask_of_value(const std::vector<std::int32_t>& labels, Extent2 extent, std::int64_t value) {
  Mask mask = empty_mask(extent);
  std::ranges::transform(labels, mask.pixels.begin(),
                         [&](std::int32_t label) { return static_cast<std::uint8_t>(label == value); });
  return mask;
}

void unite(Mask& target, const Mask& more) {
  std::ranges::transform(target.pixels, more.pixels, target.pixels.begin(),
                         [](std::uint8_t a, std::uint8_t b) { return static_cast<std::uint8_t>(a | b); });
}

void require_planned_area(const StudyTask& task, std::int64_t area) {
  if (area == task.area_px) return;
  throw CaseError(FailureKind::unreadable_mask,
                  task.truth_file.string() + ": has changed while it was in use: label " +
                      std::to_string(task.label) + (task.object.empty() ? "" : ", object " + task.object) +
                      " had " + std::to_string(task.area_px) + " pixels and has " + std::to_string(area));
}

// Where a case lies in its image.
struct Place {
  SlicePlane plane;
  std::int64_t slice = 0;
};

Place place_of(const StudyCase& study_case, const OpenImage& image) {
  const auto& slice = study_case.slice;
  const Place place{slice_plane(image.volume.geometry, slice ? std::optional(slice->axis) : std::nullopt),
                    slice ? slice->slice : 0};
  if (!slice && place.plane.slice_count != 1) {
    throw CaseError(FailureKind::unreadable_image,
                    study_case.image_file.string() + ": is a volume of " +
                        std::to_string(place.plane.slice_count) +
                        " slices: volumes are paired with labels/, not with masks/");
  }
  return place;
}

// The labels of one picture, layer by layer.
using SliceLayers = std::vector<std::vector<std::int32_t>>;

Mask mask_of_value(const SliceLayers& layers, Extent2 extent, std::int64_t value) {
  Mask mask = mask_of_value(layers.at(0), extent, value);
  for (std::size_t i = 1; i < layers.size(); ++i) unite(mask, mask_of_value(layers[i], extent, value));
  return mask;
}

void read_label_truths(LoadedCase& loaded, const StudyCase& study_case, const OpenImage& image,
                       const Place& place) {
  std::map<std::filesystem::path, SliceLayers> labels;
  const auto read = [&](const std::filesystem::path& file) {
    if (labels.contains(file)) return;
    const auto of_file = open_labels(image, study_case.image_file, file);
    for (const LabelMap& layer : of_file->layers) {
      const auto& values = labels[file].emplace_back(slice_labels(layer, place.plane, place.slice));
      for (std::size_t i = 0; i < values.size(); ++i) loaded.any_class.pixels[i] |= values[i] != 0 ? 1 : 0;
    }
  };
  for (const auto& file : study_case.truth_files) read(file);
  for (const StudyTask& task : study_case.tasks) {
    read(task.truth_file);
    loaded.truths.push_back(mask_of_value(labels.at(task.truth_file), place.plane.extent, value_of(task)));
  }
}

// Annotations are drawn on the picture as it is stored; an oriented one is shown otherwise.
Mask as_shown(const Mask& stored, const Place& place) {
  LabelMap map{{{stored.extent.width, stored.extent.height, 1}, {}}, {}};
  map.labels.assign(stored.pixels.begin(), stored.pixels.end());
  return mask_of_value(slice_labels(map, place.plane, place.slice), place.plane.extent, 1);
}

void read_coco_truths(LoadedCase& loaded, const StudyCase& study_case, const CocoImage& annotated,
                      const OpenImage& image, const Place& place) {
  const auto& json = study_case.tasks.at(0).truth_file;
  const ImageGeometry drawn{{annotated.extent.width, annotated.extent.height, 1}, {}};
  if (image.volume.geometry.extent != drawn.extent) {
    throw CaseError(FailureKind::size_mismatch, json.string() + ": says " + describe(drawn) + ", but " +
                                                    study_case.image_file.string() + " is " +
                                                    describe(image.volume.geometry));
  }
  std::map<std::string, std::size_t> task_of_object;
  for (std::size_t i = 0; i < study_case.tasks.size(); ++i) task_of_object[study_case.tasks[i].object] = i;
  loaded.truths.resize(study_case.tasks.size(), empty_mask(place.plane.extent));
  for (const CocoObject& object : annotated.objects) {
    const Mask mask = as_shown(mask_of(object, annotated.extent), place);
    unite(loaded.any_class, mask);
    const auto task = task_of_object.find(object.id);
    if (task != task_of_object.end()) loaded.truths[task->second] = mask;
  }
}

}  // namespace

struct CaseLoader::Impl {
  Impl(WindowChoice chosen, std::size_t volumes_kept)
      : window(std::move(chosen)), volumes(volumes_kept), cocos(volumes_kept) {}

  UsedWindow window_of(const OpenImage& image, const Picture& slice) const {
    if (window.kind == WindowChoice::Kind::maximum) return resolve_window(window, image.volume, slice);
    std::call_once(image.window_found, [&] { image.window = resolve_window(window, image.volume, slice); });
    return image.window;
  }

  void show(LoadedCase& loaded, const OpenImage& image, const Place& place) const {
    const Picture slice = extract_slice(image.volume, place.plane, place.slice);
    const UsedWindow used = window_of(image, slice);
    loaded.image = apply_window(slice, used);
    loaded.window = describe(used);
    if (image.volume.geometry.mm_from_voxel)
      loaded.pixel_size = PixelSize{place.plane.pixel_width_mm, place.plane.pixel_height_mm};
  }

  LoadedCase load(const StudyCase& study_case) const {
    const auto& file = study_case.image_file;
    const auto image = study_case.slice ? volumes.get(file, open_image) : open_image(file);
    LoadedCase loaded;
    const Place place = on_file(FailureKind::unreadable_image, file, [&] {
      const Place found = place_of(study_case, *image);
      show(loaded, *image, found);
      return found;
    });
    loaded.any_class = empty_mask(place.plane.extent);
    read_truths(loaded, study_case, *image, place);
    for (std::size_t i = 0; i < study_case.tasks.size(); ++i)
      require_planned_area(study_case.tasks[i], area_px(loaded.truths[i]));
    return loaded;
  }

  void read_truths(LoadedCase& loaded, const StudyCase& study_case, const OpenImage& image,
                   const Place& place) const {
    if (study_case.tasks.empty() || !is_coco(study_case.tasks[0].truth_file)) {
      read_label_truths(loaded, study_case, image, place);
      return;
    }
    const auto& json = study_case.tasks[0].truth_file;
    on_file(FailureKind::unreadable_mask, json, [&] {
      const auto coco = cocos.get(json, open_coco);
      read_coco_truths(loaded, study_case, coco->images.at(study_case.image), image, place);
    });
  }

  VolumeTruth load(const VolumeTask& task) const {
    const auto image = volumes.get(task.image_file, open_image);
    const auto labels = open_labels(*image, task.image_file, task.task.truth_file);
    VolumeTruth truth{
        {image->volume.geometry.extent, {}}, slice_plane(image->volume.geometry, task.axis), {}};
    truth.mask.voxels.resize(static_cast<std::size_t>(voxel_count(image->volume.geometry.extent)));
    const std::int64_t value = value_of(task.task);
    std::int64_t area = 0;
    for (const LabelMap& layer : labels->layers) {
      for (std::size_t i = 0; i < layer.labels.size(); ++i) {
        if (layer.labels[i] != value) continue;
        truth.mask.voxels[i] = 1;
        ++area;
      }
    }
    require_planned_area(task.task, area);
    if (image->volume.geometry.mm_from_voxel) {
      const Vec3 spacing = spacing_mm(*image->volume.geometry.mm_from_voxel);
      truth.voxel_mm = {spacing.x, spacing.y, spacing.z};
    }
    return truth;
  }

  WindowChoice window;
  mutable LruFileCache<OpenImage> volumes;
  mutable LruFileCache<OpenCoco> cocos;
};

CaseLoader::CaseLoader(WindowChoice window, std::size_t volumes_kept)
    : impl_(std::make_unique<Impl>(std::move(window), volumes_kept)) {}
CaseLoader::~CaseLoader() = default;

std::variant<LoadedCase, StudyFailure> CaseLoader::load(const StudyCase& study_case) const {
  StudyFailure failure{study_case.dataset, study_case.image, {}, FailureKind::unreadable_image, ""};
  return or_failure<LoadedCase>(std::move(failure), study_case.image_file,
                                [&] { return impl_->load(study_case); });
}

std::variant<VolumeTruth, StudyFailure> CaseLoader::load(const VolumeTask& task) const {
  StudyFailure failure{task.dataset, task.image, task.task.label, FailureKind::unreadable_image, ""};
  return or_failure<VolumeTruth>(std::move(failure), task.image_file, [&] { return impl_->load(task); });
}

}  // namespace sonde
