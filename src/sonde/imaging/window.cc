// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/window.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <sstream>

#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr std::array<NamedWindow, 5> kPresets{{{"brain", {40, 80}},
                                               {"lung", {-600, 1500}},
                                               {"bone", {400, 1800}},
                                               {"soft-tissue", {40, 400}},
                                               {"liver", {60, 160}}}};

std::string number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// Linear between order statistics, as numpy's percentile. Reorders `values`, which is not empty.
double percentile(std::vector<float>& values, double percent) {
  const double rank = percent / 100 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(std::floor(rank));
  std::nth_element(values.begin(), values.begin() + below, values.end());
  const double low = values[static_cast<std::size_t>(below)];
  if (below + 1 == static_cast<std::ptrdiff_t>(values.size())) return low;
  const double high = *std::min_element(values.begin() + below + 1, values.end());
  return low + (rank - static_cast<double>(below)) * (high - low);
}

Window window_between(double low, double high) {
  // A flat picture has no contrast to stretch: it becomes mid-grey.
  return high > low ? Window{low + (high - low) / 2, high - low} : Window{low, 1};
}

std::vector<float> finite_values(std::span<const float> voxels) {
  std::vector<float> finite;
  finite.reserve(voxels.size());
  std::ranges::copy_if(voxels, std::back_inserter(finite), [](float v) { return std::isfinite(v); });
  return finite;
}

// The finite values that are not padding; where there is nothing else, all that are finite.
std::vector<float> measured_values(const Volume& volume) {
  std::vector<float> measured;
  if (!volume.padding.empty()) {
    const auto size = static_cast<std::size_t>(volume.geometry.extent.x * volume.geometry.extent.y);
    for (std::size_t k = 0; k < volume.padding.size(); ++k) {
      const auto& padding = volume.padding[k];
      const auto is_measured = [&](float v) {
        return std::isfinite(v) && !(padding && v >= padding->min && v <= padding->max);
      };
      std::ranges::copy_if(std::span(volume.voxels).subspan(k * size, size), std::back_inserter(measured),
                           is_measured);
    }
  }
  return measured.empty() ? finite_values(volume.voxels) : measured;
}

Window automatic_window(const Volume& volume) {
  std::vector<float> values = measured_values(volume);
  if (values.empty()) return {0, 1};
  const double low = percentile(values, 0.5);
  const double high = percentile(values, 99.5);
  if (high > low) return window_between(low, high);
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  return window_between(*min, *max);
}

Window maximum_window(const std::vector<float>& pixels) {
  double max = 0;
  for (const float v : pixels) {
    if (std::isfinite(v)) max = std::max<double>(max, v);
  }
  return max > 0 ? window_between(0, max) : Window{0.5, 1};
}

std::uint8_t to_grey(double value) {
  return static_cast<std::uint8_t>(std::clamp(std::round(value), 0.0, 255.0));
}

std::uint8_t grey_as_it_is(float value) {
  if (!(value >= 0 && value <= 255)) {
    throw Error(ErrorKind::usage, "--window none needs values within 0..255, the picture has " +
                                      number(value) + "; choose auto, max, a preset or CENTRE,WIDTH");
  }
  return to_grey(value);
}

}  // namespace

WindowChoice parse_window(std::string_view text) {
  using Kind = WindowChoice::Kind;
  if (text == "auto") return {Kind::automatic, "auto", {}};
  if (text == "none") return {Kind::none, "none", {}};
  if (text == "max") return {Kind::maximum, "max", {}};
  for (const NamedWindow& preset : kPresets) {
    if (text == preset.name) return {Kind::fixed, std::string(text), preset.window};
  }
  const auto comma = text.find(',');
  if (comma != std::string_view::npos) {
    const auto centre = parse_number(text.substr(0, comma));
    const auto width = parse_number(text.substr(comma + 1));
    if (centre && width && *width > 0) return {Kind::fixed, std::string(text), {*centre, *width}};
  }
  throw Error(ErrorKind::usage, "window \"" + std::string(text) +
                                    "\" is not known: auto, none, max, brain, lung, bone, soft-tissue, liver "
                                    "or CENTRE,WIDTH with a width above 0");
}

std::span<const NamedWindow> window_presets() { return kPresets; }

std::string describe(const UsedWindow& used) {
  if (!used.window) return used.name;
  return used.name + " (" + number(used.window->centre) + ", " + number(used.window->width) + ")";
}

UsedWindow resolve_window(const WindowChoice& choice, const Volume& volume, const Picture& slice) {
  using Kind = WindowChoice::Kind;
  if (volume.photometric == Photometric::rgb) return {"colour", std::nullopt};
  switch (choice.kind) {
    case Kind::none:
      return {"none", std::nullopt};
    case Kind::maximum:
      return {"max", maximum_window(slice.grey)};
    case Kind::fixed:
      return {choice.name, choice.window};
    case Kind::automatic:
      return {"auto", automatic_window(volume)};
    case Kind::by_default:
      break;
  }
  if (volume.file_window) return {"dicom", volume.file_window};
  if (volume.eight_bit) return {"none", std::nullopt};
  return {"auto", automatic_window(volume)};
}

RgbImage apply_window(const Picture& slice, const UsedWindow& used) {
  RgbImage image{slice.extent, {}};
  if (slice.photometric == Photometric::rgb) {
    image.pixels = slice.rgb;
    return image;
  }
  image.pixels.reserve(slice.grey.size() * 3);
  for (const float raw : slice.grey) {
    const float value = std::isnan(raw) ? 0.0F : raw;
    std::uint8_t grey =
        used.window
            ? to_grey(255 * (value - used.window->centre + used.window->width / 2) / used.window->width)
            : grey_as_it_is(value);
    if (slice.photometric == Photometric::grey_inverted) grey = static_cast<std::uint8_t>(255 - grey);
    image.pixels.insert(image.pixels.end(), 3, grey);
  }
  return image;
}

}  // namespace sonde
