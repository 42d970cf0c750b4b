// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/label_map.h"

#include <algorithm>
#include <set>
#include <string>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/io/dicom/seg.h"
#include "sonde/io/masks/label_values.h"
#include "sonde/io/picture/header.h"
#include "sonde/io/read.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/nrrd_header.h"

namespace sonde {
namespace {

constexpr std::int64_t kMaxFrames = 1024;                        // a file is read once for each
constexpr std::int64_t kMaxLayerVoxels = std::int64_t{1} << 31;  // of all layers: 8 GiB

std::vector<std::int32_t> from_equal_channels(const std::string& name, const Volume& volume) {
  if (!volume.eight_bit) refuse_unsupported(name, "colours of 16 bits are not labels: grey or a palette is");
  std::vector<std::int32_t> labels;
  labels.reserve(volume.rgb.size() / 3);
  for (std::size_t at = 0; at < volume.rgb.size(); at += 3) {
    if (volume.rgb[at] != volume.rgb[at + 1] || volume.rgb[at] != volume.rgb[at + 2]) {
      refuse_unsupported(name,
                         "its colours are not labels: a mask is grey or has a palette, its values "
                         "being the labels");
    }
    labels.push_back(volume.rgb[at]);
  }
  return labels;
}

Volume read_stored(const std::filesystem::path& path, std::int64_t frame) {
  return read_volume(path, {.frame = frame, .values = PixelValues::stored});
}

std::string voxels(std::int64_t count) { return std::to_string(count) + (count == 1 ? " voxel" : " voxels"); }

// One layer; of what has been taken for something else a note is made.
LabelLayers one_layer(const ImageGeometry& geometry, LabelValues values) {
  LabelLayers labels{{LabelMap{geometry, std::move(values.labels)}}};
  if (values.ignored > 0)
    labels.notes.push_back(voxels(values.ignored) + " of value -1, not labelled: taken as background");
  if (values.rounded > 0)
    labels.notes.push_back(voxels(values.rounded) + " not quite a whole number: rounded");
  return labels;
}

LabelValues values_of(const std::string& name, const Volume& volume) {
  if (volume.photometric == Photometric::rgb) return {from_equal_channels(name, volume)};
  return whole_labels(name, volume.voxels);
}

LabelLayers only_frame(const std::string& name, const Volume& volume) {
  LabelLayers labels = one_layer(volume.geometry, values_of(name, volume));
  refuse_soft_edges(name, labels.layers[0].labels, volume.geometry.extent.x);
  return labels;
}

// Throws Error{unsupported} without the file's name.
void check_layers(std::int64_t layers, Extent3 extent) {
  if (layers > kMaxLayerVoxels / voxel_count(extent))
    throw Error(ErrorKind::unsupported, "its labels overlap in more layers than are held in memory (8 GiB)");
}

void append_notes(LabelLayers& labels, const LabelLayers& of, const std::string& where) {
  for (const std::string& note : of.notes) labels.notes.push_back(where + note);
}

// What a layer of a .seg.nrrd holds, segment by segment.
class SegmentValues {
 public:
  explicit SegmentValues(const std::vector<SegmentInfo>& segments) : segments_(segments) {
    std::set<std::int64_t> stored;
    for (const SegmentInfo& segment : segments) stored.insert(segment.value);
    if (stored.size() < segments.size()) numbering_ = Numbering::by_place;
  }

  std::map<std::int64_t, std::string> names() const {
    std::map<std::int64_t, std::string> names;
    for (std::size_t i = 0; i < segments_.size(); ++i) names[value_of(i)] = segments_[i].name;
    return names;
  }

  // Gives the voxels of a layer their values in the whole file; of no segment: 0, and counted.
  std::int64_t renumber(std::vector<std::int32_t>& labels, std::int64_t layer) const {
    std::map<std::int32_t, std::int32_t> value_in_file;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (segments_[i].layer == layer)
        value_in_file[static_cast<std::int32_t>(segments_[i].value)] = static_cast<std::int32_t>(value_of(i));
    }
    std::int64_t unnamed = 0;
    std::int32_t stored = 0;
    std::int32_t value = 0;
    for (std::int32_t& label : labels) {
      if (label != stored) {  // labels come in runs
        stored = label;
        const auto found = value_in_file.find(label);
        value = found == value_in_file.end() ? 0 : found->second;
      }
      if (label != 0 && value == 0) ++unnamed;
      label = value;
    }
    return unnamed;
  }

 private:
  std::int64_t value_of(std::size_t i) const {
    return numbering_ == Numbering::as_stored ? segments_[i].value : static_cast<std::int64_t>(i) + 1;
  }

  const std::vector<SegmentInfo>& segments_;
  enum class Numbering { as_stored, by_place } numbering_ = Numbering::as_stored;
};

LabelLayers read_segments(const std::filesystem::path& path, const std::vector<SegmentInfo>& segments,
                          std::int64_t layers) {
  if (layers > kMaxFrames)
    refuse_unsupported(path.string(), "holds " + std::to_string(layers) + " layers: labels have at most " +
                                          std::to_string(kMaxFrames));
  const SegmentValues values(segments);
  LabelLayers labels{.names = values.names(), .covers = LabelLayers::Covers::part};
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    const Volume volume = read_stored(path, layer);
    check_layers(layers, volume.geometry.extent);
    LabelLayers read = one_layer(volume.geometry, values_of(path.string(), volume));
    const std::int64_t unnamed = values.renumber(read.layers[0].labels, layer);
    const std::string where = layers == 1 ? "" : "layer " + std::to_string(layer) + ": ";
    append_notes(labels, read, where);
    if (unnamed > 0)
      labels.notes.push_back(where + voxels(unnamed) + (unnamed == 1 ? " belongs" : " belong") +
                             " to no segment");
    labels.layers.push_back(std::move(read.layers[0]));
  }
  return labels;
}

// On the image's own grid, to which segments need not fill all slices.
LabelLayers read_dicom_segments(const std::filesystem::path& path, const DicomSegImage& image) {
  const DicomSeg seg = read_dicom_seg(path, image);
  const ImageGeometry grid = inspect(image.path).images.at(0).geometry;
  std::vector<std::int32_t> background(static_cast<std::size_t>(voxel_count(grid.extent)));
  LabelLayers labels{.layers = {{grid, std::move(background)}}, .notes = seg.notes};
  for (const DicomSegInfo& segment : seg.segments) {
    try {
      add_label(labels, segment.number,
                mask_from_voxels(voxels_of_segment(seg, segment.number, grid)).voxels);
    } catch (const Error& error) {
      throw Error(error.kind(), path.string() + ": " + error.what());
    }
    labels.names[segment.number] =
        segment.label.empty() ? "segment " + std::to_string(segment.number) : segment.label;
  }
  return labels;
}

std::int64_t frames_of(const std::filesystem::path& image) {
  return std::filesystem::is_regular_file(image) ? count_frames(image) : 1;
}

// Where frame by frame labels are 0 and the same other value, which the first one met decides.
class OneValue {
 public:
  // 1 where the labels are not 0; absent if they have another value than those before.
  std::optional<std::vector<std::uint8_t>> mask_of(const std::vector<std::int32_t>& labels) {
    std::vector<std::uint8_t> mask(labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] == 0) continue;
      if (value_ == 0) value_ = labels[i];
      if (labels[i] != value_) return std::nullopt;
      mask[i] = 1;
    }
    return mask;
  }

 private:
  std::int32_t value_ = 0;
};

// The frames as labels, numbered as the frames are; nothing but background if the first is what the others
// leave out. Absent unless each is 0 and one value.
struct FrameLabels {
  LabelLayers labels;
  enum class First { background, label } first = First::label;
};
std::optional<FrameLabels> labels_of_frames(const std::filesystem::path& path, const LabelMap& first,
                                            std::int64_t count) {
  OneValue one_value;
  const auto first_mask = one_value.mask_of(first.labels);
  if (!first_mask) return std::nullopt;
  std::vector<std::uint8_t> others(first.labels.size());
  FrameLabels found{{{LabelMap{first.geometry, std::vector<std::int32_t>(others.size())}}}};
  for (std::int64_t frame = 1; frame < count; ++frame) {
    const Volume volume = read_stored(path, frame);
    const auto mask = one_value.mask_of(values_of(path.string(), volume).labels);
    if (!mask) return std::nullopt;
    add_label(found.labels, static_cast<std::int32_t>(frame), *mask);
    for (std::size_t i = 0; i < others.size(); ++i) others[i] |= (*mask)[i];
  }
  if (std::ranges::equal(*first_mask, others, [](std::uint8_t a, std::uint8_t b) { return a != b; })) {
    found.first = FrameLabels::First::background;
    return found;
  }
  for (LabelMap& layer : found.labels.layers)
    for (std::int32_t& label : layer.labels) label += label > 0 ? 1 : 0;
  add_label(found.labels, 1, *first_mask);
  return found;
}

LabelLayers read_frames(const std::filesystem::path& path, const Volume& volume,
                        const std::filesystem::path& image) {
  const std::string name = path.string();
  const std::int64_t count = volume.frame_count;
  const std::string frames = std::to_string(count) + " frames";
  if (count > kMaxFrames)
    refuse_unsupported(name, "holds " + frames + ": labels have at most " + std::to_string(kMaxFrames));
  LabelLayers first = one_layer(volume.geometry, values_of(name, volume));
  const bool as_many_as_image = count == frames_of(image);
  auto found = labels_of_frames(path, first.layers[0], count);
  if (found) append_notes(found->labels, first, "frame 0: ");
  if (found && found->first == FrameLabels::First::background) {
    found->labels.notes.push_back("its " + frames + " are background and labels 1 to " +
                                  std::to_string(count - 1));
    return std::move(found->labels);
  }
  if (as_many_as_image) {
    first.notes.push_back("its " + frames + " are time points, as those of its image: the first is taken");
    return first;
  }
  if (!found)
    refuse_unsupported(name, "holds " + frames +
                                 " of several values, and its image does not: labels are one "
                                 "frame, or a frame of 0 and 1 for each");
  found->labels.notes.push_back("its " + frames + " are labels 1 to " + std::to_string(count));
  return std::move(found->labels);
}

std::vector<std::byte> head_of(const std::filesystem::path& path) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed)) return {};
  return read_head(path, 512);
}

}  // namespace

void add_label(LabelLayers& labels, std::int32_t value, const std::vector<std::uint8_t>& voxels) {
  const auto is_free = [&](const LabelMap& layer) {
    for (std::size_t i = 0; i < voxels.size(); ++i)
      if (voxels[i] != 0 && layer.labels[i] != 0) return false;
    return true;
  };
  auto layer = std::ranges::find_if(labels.layers, is_free);
  if (layer == labels.layers.end()) {
    const LabelMap& like = labels.layers.front();
    check_layers(static_cast<std::int64_t>(labels.layers.size()) + 1, like.geometry.extent);
    LabelMap empty{like.geometry, std::vector<std::int32_t>(like.labels.size())};
    layer = labels.layers.insert(labels.layers.end(), std::move(empty));
  }
  for (std::size_t i = 0; i < voxels.size(); ++i)
    if (voxels[i] != 0) layer->labels[i] = value;
}

LabelLayers read_labels(const std::filesystem::path& path, const DicomSegImage& image) {
  const std::string name = path.string();
  const auto head = head_of(path);
  if (starts_as_jpeg(head))
    refuse_unsupported(name, "JPEG does not keep the values of labels: PNG and every volume format do");
  if (!image.path.empty() && !head.empty() && is_dicom_seg(path)) return read_dicom_segments(path, image);
  const auto segments = starts_as_nrrd(head) ? read_nrrd_segments(path) : std::vector<SegmentInfo>{};
  if (!segments.empty()) return read_segments(path, segments, count_frames(path));
  const Volume volume = read_stored(path, 0);
  return volume.frame_count == 1 ? only_frame(name, volume) : read_frames(path, volume, image.path);
}

}  // namespace sonde
