// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/imaging/picture.h"
#include "sonde/imaging/scored_mask.h"
#include "sonde/imaging/volume.h"
#include "sonde/io/label_map.h"

namespace sonde {

// Of the files that masks are written to: .png, .nii, .nii.gz, .nrrd, .mha.
std::vector<std::string_view> mask_extensions();
// In lower case with its dot. Throws Error{usage} that lists them for any other.
std::string mask_extension(const std::filesystem::path& path);
// Of a volume's masks: its file's own format where that is written, else ".nii.gz".
std::string_view volume_mask_extension(const std::filesystem::path& image);

// All of these write atomically and throw Error{unavailable} naming the path if the disk does not take it.

// 8-bit grey, 0 and 255.
void write_mask_png(const std::filesystem::path& path, const Mask& mask);
void write_png(const std::filesystem::path& path, const RgbImage& image);
// A PNG in memory, small rather than quick, grey where the three channels agree everywhere.
std::vector<std::byte> encode_png(const RgbImage& image);
// 0 and 1 as unsigned 8 bits on the grid and affine of `like` (.nii.gz, NRRD and MHA are
// compressed).
void write_mask_volume(const std::filesystem::path& path, const BinaryVolume& mask,
                       const ImageGeometry& like);
// Labels from 0 to 65535 in the smallest unsigned type that holds them, as read_labels reads them: a PNG
// (z == 1, grey), or a volume on its grid and affine. Throws Error{usage} for other values.
void write_label_map(const std::filesystem::path& path, const LabelMap& map);

// The picture with the masks tinted and outlined (a colour each), boxes and points drawn, names beside their
// masks: what people look at.
struct OverlayPrompt {
  std::vector<Point2> foreground, background;
  std::vector<Box2> boxes;
  std::vector<std::string> names{};  // of the masks, in their order; none: nothing is written
};
RgbImage draw_overlay(const RgbImage& image, const std::vector<Mask>& masks, const OverlayPrompt& prompt);

// A COCO instances JSON of one image (boxes as x, y, width, height; compressed run lengths), category 1
// "object". `classes`: what masks may be named, each a category of its own from 2 on.
std::string coco_json(const std::string& file_name, Extent2 extent, const std::vector<ScoredRle>& masks,
                      const std::vector<std::string>& classes = {});

}  // namespace sonde
