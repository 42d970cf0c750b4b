// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/export_map.h"

#include <nlohmann/json.hpp>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/io/own_file.h"

namespace sonde {
namespace {

LabelMap empty_map(const ImageGeometry& grid) {
  return {grid, std::vector<std::int32_t>(static_cast<std::size_t>(voxel_count(grid.extent)))};
}

// Puts the value into the object's voxels; returns how many had another one.
std::int64_t paint(LabelMap& map, const RunLengthMask& voxels, std::int32_t value) {
  std::int64_t hidden = 0;
  for (const VoxelRun& run : voxels.runs) {
    for (std::uint64_t at = run.first; at < run.first + run.count; ++at) {
      std::int32_t& label = map.labels.at(at);
      if (label != 0 && label != value) ++hidden;
      label = value;
    }
  }
  return hidden;
}

}  // namespace

ExportMap label_map_of(const ExportImage& image) {
  ExportMap painted{empty_map(image.grid)};
  for (const ExportObject& object : image.objects)
    painted.hidden += paint(painted.map, object.voxels, object.label.value);
  return painted;
}

LabelMap object_map_of(const ExportObject& object, const ImageGeometry& grid) {
  LabelMap map = empty_map(grid);
  paint(map, object.voxels, 1);
  return map;
}

std::string hidden_note(const ExportImage& image, std::int64_t hidden) {
  if (hidden == 0) return {};
  const std::string what = is_plain(image.grid) ? "pixel" : "voxel";
  return image.source.name + ": " + std::to_string(hidden) + " " + what +
         (hidden == 1 ? " belongs" : "s belong") +
         " to objects of several labels; the label map shows the last of them";
}

std::filesystem::path labels_file(const ExportTarget& target) { return target.folder / "labels.json"; }

std::filesystem::path write_labels(const ExportTarget& target) {
  nlohmann::ordered_json names = nlohmann::ordered_json::object();
  for (const Label& label : target.labels) names[std::to_string(label.value)] = label.name;
  const nlohmann::ordered_json json{{"mask_kind", "semantic"}, {"labels", names}, {"comment", kOwnMark}};
  const auto file = labels_file(target);
  prepare_file(target, file);
  write_durably(file, json_text(json, 2) + "\n");
  return file;
}

void prepare_file(const ExportTarget& target, const std::filesystem::path& file) {
  create_folder_of(file);
  check_replaceable(file, target.existing);
}

void create_folder_of(const std::filesystem::path& file) {
  std::error_code failed;
  std::filesystem::create_directories(file.parent_path(), failed);
  if (failed)
    throw Error(ErrorKind::unavailable,
                file.parent_path().string() + ": cannot be created: " + failed.message());
}

}  // namespace sonde
