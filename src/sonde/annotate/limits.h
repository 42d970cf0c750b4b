// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sonde/core/fields.h"

namespace sonde {

// What an annotation project takes, each limit in this one place.
struct Limits {
  std::size_t name_characters = 200;
  double min_brush_radius = 0.5, max_brush_radius = 512;
  std::int64_t points_per_side = 128;
  std::int64_t min_region = 1'000'000'000;
};
inline constexpr Limits kLimits;

template <class V>
void describe(V& v, const Limits& limits) {
  v.shape("Limits");
  v("name_characters", limits.name_characters, {.note = "of a label or an object"});
  v("min_brush_radius", limits.min_brush_radius, {.note = "pixels"});
  v("max_brush_radius", limits.max_brush_radius, {.note = "pixels"});
  v("points_per_side", limits.points_per_side, {.note = "of `everything`"});
  v("min_region", limits.min_region, {.note = "of `everything`, pixels"});
}

}  // namespace sonde
