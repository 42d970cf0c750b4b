// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sonde/imaging/picture.h"
#include "sonde/imaging/volume.h"

namespace sonde {

// How the user asks for a window (docs/formats.md, "Windows").
struct WindowChoice {
  enum class Kind { by_default, automatic, none, maximum, fixed };
  Kind kind = Kind::by_default;
  std::string name;  // "brain", "40,80", ... of a fixed one
  Window window;     // of a fixed one
};
// "auto", "none", "max", a preset (brain, lung, bone, soft-tissue, liver) or "CENTRE,WIDTH".
// Throws Error{usage} that lists them; a width must be above 0.
WindowChoice parse_window(std::string_view text);

struct NamedWindow {
  std::string_view name;
  Window window;
};
std::span<const NamedWindow> window_presets();

// The window as used, part of every output.
struct UsedWindow {
  std::string name;              // "auto", "none", "max", "dicom", "colour", a preset or "CENTRE,WIDTH"
  std::optional<Window> window;  // absent for none and colour
};
// One line for people and JSON: "brain (40, 80)", "none".
std::string describe(const UsedWindow& used);

// Automatic windows run from the 0.5 to the 99.5 percentile of the finite values of the volume that are not
// padding (linear between order statistics). `max` runs from 0 to the maximum of `slice`. By default: the
// file's own; none for 8 bits; else automatic.
UsedWindow resolve_window(const WindowChoice& choice, const Volume& volume, const Picture& slice);

// Grey to 8 bits through the window (grey_inverted is inverted after it; not-a-number becomes 0 before it),
// three equal channels; colour passes through. Throws Error{usage} for none with a finite value outside
// 0..255.
RgbImage apply_window(const Picture& slice, const UsedWindow& used);

}  // namespace sonde
