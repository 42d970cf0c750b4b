// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/shared_options.h"

#include <charconv>
#include <cmath>
#include <filesystem>

#include "sonde/cli/command_line.h"
#include "sonde/core/cause.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

template <typename Work>
auto naming(const std::string& file, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    const std::string message = error.what();
    throw Error(error.kind(), message.find(file) == std::string::npos ? file + ": " + message : message);
  } catch (const std::filesystem::filesystem_error& error) {
    throw Error(ErrorKind::unavailable, cause_of(error));
  }
}

}  // namespace

void declare_model(CommandLine& line, ModelArguments& arguments) {
  line.add("--model", arguments.model, "Registered name (sonde model list) or a checkpoint file")
      .show_default();
  line.add("--device", arguments.options.device, "cpu, cuda or cuda:N").show_default();
  line.add("--precision", arguments.precision,
           "auto (bf16 where the CPU multiplies it, else fp32), fp32 or bf16")
      .show_default();
  line.add("--threads", arguments.options.threads, "CPU threads; 0: one a physical core")
      .within(0, 1024)
      .show_default();
}

SamModel load_model(const ModelArguments& arguments) {
  ModelOptions options = arguments.options;
  options.precision = parse_precision(arguments.precision);
  return SamModel::load(arguments.model, options);
}

void declare_picture(CommandLine& line, PictureArguments& arguments) {
  line.add("--axis", arguments.axis, "axial, coronal or sagittal; default: the finest pixels");
  line.add("--slice", arguments.slice, "From 0 at the inferior, posterior or left end; default: the middle");
  line.add("--frame", arguments.frame, "Time point, or frame of a cine; default: 0");
  line.add("--series", arguments.series, "DICOM folder: series UID or its number in sonde info");
  line.add("--window", arguments.window,
           "auto, none, max, brain, lung, bone, soft-tissue, liver or CENTRE,WIDTH; "
           "default: the file's own, none for 8 bits, else auto");
}

void declare_frame_of_reference(CommandLine& line, FrameOfReference& wanted) {
  line.add_flag(
      "--any-frame-of-reference", [&wanted] { wanted = FrameOfReference::any; },
      "Take DICOM segmentations that lie in another frame of reference than their image, with a note");
}

namespace {

// Absent for what takes more than showing its pixels as they are.
std::optional<LoadedPicture> load_shown(const std::string& file, const PictureArguments& arguments,
                                        const WindowChoice& choice) {
  using Kind = WindowChoice::Kind;
  const bool as_it_is = choice.kind == Kind::by_default || choice.kind == Kind::none;
  if (!as_it_is || !arguments.axis.empty() || arguments.slice.value_or(0) != 0) return std::nullopt;
  auto shown = read_shown(file, {.frame = arguments.frame, .series = arguments.series});
  if (!shown) return std::nullopt;
  LoadedPicture picture;
  picture.plane = slice_plane(shown->shape.geometry, default_axis(shown->shape.geometry));
  picture.window = resolve_window(choice, shown->shape, {});
  picture.volume = std::move(shown->shape);
  picture.image = std::move(shown->image);
  return picture;
}

}  // namespace

LoadedPicture load_picture(const std::string& file, const PictureArguments& arguments) {
  const WindowChoice choice = arguments.window.empty() ? WindowChoice{} : parse_window(arguments.window);
  if (!arguments.axis.empty()) parse_axis(arguments.axis);  // refuses a wrong name before the file is read
  return naming(file, [&] {
    if (auto shown = load_shown(file, arguments, choice)) return std::move(*shown);
    LoadedPicture picture;
    picture.volume = read_volume(file, {.frame = arguments.frame, .series = arguments.series});
    if (!arguments.axis.empty() && is_plain(picture.volume.geometry)) {
      throw Error(ErrorKind::usage,
                  file + ": is a single picture without orientation, --axis does not apply");
    }
    picture.plane =
        slice_plane(picture.volume.geometry, arguments.axis.empty() ? default_axis(picture.volume.geometry)
                                                                    : parse_axis(arguments.axis));
    picture.slice = arguments.slice.value_or(picture.plane.slice_count / 2);
    const Picture slice = extract_slice(picture.volume, picture.plane, picture.slice);
    picture.window = resolve_window(choice, picture.volume, slice);
    picture.image = apply_window(slice, picture.window);
    return picture;
  });
}

Mask load_mask(const std::string& file, const LoadedPicture& like) {
  return naming(file, [&] {
    const Volume volume = read_volume(file);
    const bool same_grid =
        volume.geometry.extent == like.volume.geometry.extent && !is_plain(volume.geometry);
    const SlicePlane plane =
        same_grid ? like.plane : slice_plane(volume.geometry, default_axis(volume.geometry));
    if (!same_grid && (volume.geometry.extent.z != 1 || plane.extent != like.image.extent)) {
      const auto size = [](Extent2 e) { return std::to_string(e.width) + " x " + std::to_string(e.height); };
      throw Error(ErrorKind::usage, file + ": the mask is " + size(plane.extent) + ", the picture " +
                                        size(like.image.extent) +
                                        "; a mask has the picture's size or the volume's grid");
    }
    const Picture slice = extract_slice(volume, plane, same_grid ? like.slice : 0);
    Mask mask = empty_mask(slice.extent);
    for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
      const bool inside = slice.photometric == Photometric::rgb
                              ? (slice.rgb[3 * i] | slice.rgb[3 * i + 1] | slice.rgb[3 * i + 2]) != 0
                              : slice.grey[i] != 0 && !std::isnan(slice.grey[i]);
      mask.pixels[i] = inside ? 1 : 0;
    }
    return mask;
  });
}

std::string describe_slice(const LoadedPicture& picture) {
  std::string text;
  if (!is_plain(picture.volume.geometry)) {
    text = std::string(to_string(picture.plane.axis)) + " slice " + std::to_string(picture.slice) + " of " +
           std::to_string(picture.plane.slice_count);
  }
  if (picture.volume.frame_count > 1) {
    text += std::string(text.empty() ? "" : ", ") + "frame " + std::to_string(picture.volume.frame) + " of " +
            std::to_string(picture.volume.frame_count);
  }
  return text;
}

std::vector<double> parse_numbers(std::string_view option, const std::string& text, std::size_t count) {
  std::vector<double> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (numbers.size() < count) {
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{} || !std::isfinite(value)) break;
    numbers.push_back(value);
    at = next;
    if (at == end || *at != ',') break;
    ++at;
  }
  if (numbers.size() != count || at != end || (!text.empty() && text.back() == ',')) {
    throw Error(ErrorKind::usage, std::string(option) + " " + text + ": " +
                                      (count == 2 ? "two numbers X,Y" : "four numbers X0,Y0,X1,Y1") +
                                      " are needed");
  }
  return numbers;
}

std::string stem_of(const std::string& file) {
  auto path = std::filesystem::path(file).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  std::string name = path.filename().string();
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  const std::string stem = std::filesystem::path(name).stem().string();
  return stem.empty() || stem == "." || stem == ".." ? "image" : stem;
}

}  // namespace sonde
