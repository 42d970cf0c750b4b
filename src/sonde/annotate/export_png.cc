// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "sonde/annotate/export_map.h"
#include "sonde/annotate/export_names.h"
#include "sonde/core/parallel.h"
#include "sonde/io/masks/label_grid.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

constexpr int kWriters = 8;

class PngExport : public ExportWriter {
 public:
  explicit PngExport(const ExportTarget& target) : target_(target) {
    if (target_.each == ExportEach::labels) check_replaceable(labels_file(target_), target_.existing);
  }

  void add(const ExportImage& image) override {
    switch (target_.each) {
      case ExportEach::labels:
        add_labels(image);
        return;
      case ExportEach::objects:
        add_objects(image);
        return;
    }
  }

  ExportResult finish() override {
    if (target_.each == ExportEach::labels) result_.files.push_back(write_labels(target_));
    return std::move(result_);
  }

 private:
  std::filesystem::path masks() const { return target_.folder / "masks"; }

  void add_labels(const ExportImage& image) {
    const ExportMap painted = label_map_of(image);
    if (is_plain(image.grid)) {
      write(masks() / (image.stem + ".png"), painted.map);
    } else {
      const SlicePlane plane = slice_plane(image.grid, default_axis(image.grid));
      for (std::int64_t slice = 0; slice < plane.slice_count; ++slice) {
        LabelMap map{{{plane.extent.width, plane.extent.height, 1}, {}},
                     slice_labels(painted.map, plane, slice)};
        if (std::ranges::any_of(map.labels, [](std::int32_t label) { return label != 0; }))
          write(masks() / (slice_file_name(image.stem, plane, slice) + ".png"), map);
      }
    }
    if (painted.hidden > 0) result_.notes.push_back(hidden_note(image, painted.hidden));
  }

  void add_objects(const ExportImage& image) {
    const SlicePlane plane = slice_plane(image.grid, default_axis(image.grid));
    const auto folder = masks() / image.stem;
    create_folder_of(folder / "file");
    std::vector<std::vector<std::filesystem::path>> files(image.objects.size());
    // Each file waits for the disk: several wait together.
    parallel_for(kWriters, static_cast<std::int64_t>(files.size()), [&](std::int64_t number) {
      const auto i = static_cast<std::size_t>(number);
      const std::string name = object_file_name(i, image.objects[i].label.name);
      const auto [first, last] = slices_of(bounds(image.objects[i].voxels).value(), plane);
      for (std::int64_t slice = first; slice <= last; ++slice) {
        const Mask mask = slice_from_voxels(image.objects[i].voxels, plane, slice);
        if (area_px(mask) == 0) continue;
        files[i].push_back(folder /
                           ((is_plain(image.grid) ? name : slice_file_name(name, plane, slice)) + ".png"));
        check_replaceable(files[i].back(), target_.existing);
        write_mask_png(files[i].back(), mask);
      }
    });
    for (const auto& of_object : files)
      result_.files.insert(result_.files.end(), of_object.begin(), of_object.end());
  }

  void write(const std::filesystem::path& file, const LabelMap& map) {
    prepare_file(target_, file);
    write_label_map(file, map);
    result_.files.push_back(file);
  }

  ExportTarget target_;
  ExportResult result_;
};

}  // namespace

std::unique_ptr<ExportWriter> png_export(const ExportTarget& target) {
  return std::make_unique<PngExport>(target);
}

}  // namespace sonde
