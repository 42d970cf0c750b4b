// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/import_objects.h"

#include <algorithm>
#include <map>

#include "sonde/core/error.h"
#include "sonde/io/dicom/seg.h"
#include "sonde/io/label_map.h"
#include "sonde/io/masks/label_grid.h"

namespace sonde {
namespace {

using VoxelsByValue = std::map<std::int32_t, RunLengthMask>;

VoxelsByValue voxels_by_value(const LabelMap& map) {
  VoxelsByValue sets;
  for (auto at = map.labels.begin(); at != map.labels.end();) {
    const auto end = std::find_if(at, map.labels.end(), [&](std::int32_t label) { return label != *at; });
    if (*at != 0) {
      RunLengthMask& set = sets[*at];
      set.extent = map.geometry.extent;
      set.runs.push_back(
          {static_cast<std::uint64_t>(at - map.labels.begin()), static_cast<std::uint64_t>(end - at)});
    }
    at = end;
  }
  return sets;
}

// A picture of one slice, row by row, on the grid of its volume.
VoxelsByValue on_slice(const std::string& name, const LabelMap& map, const ImageGeometry& grid,
                       PlaneRef where) {
  const SlicePlane plane = slice_plane(grid, where.axis);
  if (map.geometry.extent != Extent3{plane.extent.width, plane.extent.height, 1})
    throw Error(ErrorKind::unsupported, name + ": " + describe(ImageGeometry{map.geometry.extent, {}}) +
                                            ", but " + std::string(to_string(where.axis)) +
                                            " slices of the image are " + std::to_string(plane.extent.width) +
                                            " x " + std::to_string(plane.extent.height));
  VoxelsByValue sets = voxels_by_value(map);
  for (auto& [value, set] : sets) set = voxels_from_slice(cropped(set), grid.extent, plane, where.slice);
  return sets;
}

// Which slice a picture without a place of its own shows: that of an image with but one.
std::optional<PlaneRef> slice_of(const MaskGroup::File& file, const LabelMap& map,
                                 const ImageGeometry& grid) {
  if (file.slice || map.geometry.mm_from_voxel || is_plain(grid)) return file.slice;
  const Axis axis = default_axis(grid);
  if (map.geometry.extent.z != 1 || slice_plane(grid, axis).slice_count != 1) return std::nullopt;
  return PlaneRef{axis, 0};
}

// What files of labels show. No value is in two of their layers, so that labels that overlap stay whole.
struct ReadValues {
  VoxelsByValue voxels;
  std::map<std::int64_t, std::string> names;
  std::vector<std::string> notes;
};

void add_voxels(VoxelsByValue& all, const VoxelsByValue& more) {
  for (const auto& [value, voxels] : more) {
    const auto [entry, is_new] = all.try_emplace(value, voxels);
    if (!is_new) entry->second = united(entry->second, voxels);
  }
}

void add_values(ReadValues& all, const MaskGroup::File& file, const ImageGeometry& grid,
                const DicomSegImage& image) {
  const std::string name = file.path.filename().string();
  LabelLayers labels = read_labels(file.path, image);
  if (const auto slice = slice_of(file, labels.layers[0], grid)) {
    for (const LabelMap& layer : labels.layers) add_voxels(all.voxels, on_slice(name, layer, grid, *slice));
  } else {
    const ImageGeometry own = labels.layers[0].geometry;
    auto fitting = on_grid(std::move(labels), grid);
    if (!fitting) throw Error(ErrorKind::unsupported, name + ": " + mismatch(own, "the image", grid));
    labels = std::move(*fitting);
    for (const LabelMap& layer : labels.layers) add_voxels(all.voxels, voxels_by_value(layer));
  }
  all.names.merge(labels.names);
  for (const std::string& note : labels.notes) all.notes.push_back(name + ": " + note);
}

// Of one of `count` values.
std::string label_of(std::int32_t value, std::size_t count, const std::string& suffix,
                     const LabelScheme& scheme) {
  const auto named = scheme.names.find(value);
  if (named != scheme.names.end()) return named->second;
  if (suffix.empty()) return "label " + std::to_string(value);
  return count == 1 || value == 1 ? suffix : suffix + " " + std::to_string(value);
}

MaskObjects from_values(const MaskGroup& group, const ReadValues& read, const LabelScheme& of_folder) {
  const LabelScheme scheme = with_names(of_folder, read.names);
  MaskObjects found{{}, read.notes};
  for (const auto& [value, voxels] : read.voxels) {
    if (scheme.kind == LabelScheme::Kind::instances)
      found.objects.push_back({scheme.object_name, "", 0, voxels});
    else if (is_named(scheme, value) || !group.suffix.empty())
      found.objects.push_back({label_of(value, read.voxels.size(), group.suffix, scheme), "",
                               group.suffix.empty() ? value : 0, voxels});
    else
      found.notes.push_back(group.files.front().path.filename().string() + ": value " +
                            std::to_string(value) + " has no name in labels.json and is left out");
  }
  return found;
}

MaskObjects from_dicom_seg(const std::filesystem::path& path, const ImageGeometry& grid,
                           const DicomSegImage& image) {
  const DicomSeg seg = read_dicom_seg(path, image);
  const std::string name = path.filename().string();
  MaskObjects found;
  for (const std::string& note : seg.notes) found.notes.push_back(name + ": " + note);
  for (const DicomSegInfo& segment : seg.segments) {
    const std::string label =
        segment.label.empty() ? "segment " + std::to_string(segment.number) : segment.label;
    try {
      RunLengthMask voxels = voxels_of_segment(seg, segment.number, grid);
      if (voxels.runs.empty())
        found.notes.push_back(name + ": its segment \"" + label + "\" is empty");
      else
        found.objects.push_back({label, "", 0, std::move(voxels)});
    } catch (const Error& error) {
      throw Error(error.kind(), name + ": " + error.what());
    }
  }
  return found;
}

}  // namespace

MaskObjects objects_of(const MaskGroup& group, const ImageGeometry& grid, const LabelScheme& scheme,
                       const DicomSegImage& image) {
  if (is_dicom_seg(group.files.front().path)) return from_dicom_seg(group.files.front().path, grid, image);
  ReadValues read;
  for (const MaskGroup::File& file : group.files) add_values(read, file, grid, image);
  return from_values(group, read, scheme);
}

}  // namespace sonde
