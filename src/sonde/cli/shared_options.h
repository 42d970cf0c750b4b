// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/imaging/geometry.h"
#include "sonde/imaging/slice.h"
#include "sonde/imaging/window.h"
#include "sonde/io/dicom/seg.h"
#include "sonde/io/read.h"
#include "sonde/predict/sam_model.h"

namespace sonde {

class CommandLine;

// --model, --device, --precision, --threads: every command that runs a network.
struct ModelArguments {
  std::string model = "mobile-sam";
  std::string precision = "auto";
  ModelOptions options;
};
void declare_model(CommandLine& line, ModelArguments& arguments);
SamModel load_model(const ModelArguments& arguments);

// --axis, --slice, --frame, --series, --window: every command that shows one picture of a file.
struct PictureArguments {
  std::string axis, window, series;
  std::optional<std::int64_t> slice, frame;
};
void declare_picture(CommandLine& line, PictureArguments& arguments);

// --any-frame-of-reference: every command that takes labels over images.
void declare_frame_of_reference(CommandLine& line, FrameOfReference& wanted);

// The picture that a command works on.
struct LoadedPicture {
  Volume volume;
  SlicePlane plane;
  std::int64_t slice = 0;
  UsedWindow window;
  RgbImage image;
};
// Throws Error naming the file.
LoadedPicture load_picture(const std::string& file, const PictureArguments& arguments);
// The same slice of another volume on the grid of `like`, or a plain picture of its size, as a mask (not 0:
// inside).
Mask load_mask(const std::string& file, const LoadedPicture& like);
// "axial slice 71 of 181"; "" for a plain picture.
std::string describe_slice(const LoadedPicture& picture);

// "1,2.5" to numbers. Throws Error{usage} naming the option unless there are exactly `count`.
std::vector<double> parse_numbers(std::string_view option, const std::string& text, std::size_t count);

// "scans/p1/brain.nii.gz" to "brain"; a folder to its own name.
std::string stem_of(const std::string& file);

}  // namespace sonde
