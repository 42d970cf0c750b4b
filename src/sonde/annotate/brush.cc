// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/brush.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "sonde/annotate/limits.h"
#include "sonde/core/error.h"
#include "sonde/imaging/polygon.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxPoints = 100'000;
constexpr double kFarthest = 1e6;                         // pixels
constexpr std::int64_t kMaxRows = std::int64_t{1} << 24;  // over all segments
// More than rounding can move the edge of a segment, less than a pixel.
constexpr double kEdgeEpsilon = 1e-3;

void validate_points(std::span<const Point2> points, std::size_t min) {
  if (points.size() < min || points.size() > kMaxPoints) {
    throw Error(ErrorKind::usage, "a line of " + std::to_string(points.size()) +
                                      " points: " + std::to_string(min) + " to " +
                                      std::to_string(kMaxPoints) + " are allowed");
  }
  for (const Point2 point : points) {
    if (std::abs(point.x) <= kFarthest && std::abs(point.y) <= kFarthest) continue;  // false for not-a-number
    throw Error(ErrorKind::usage, "a line with a point that is not within 1000000 pixels of the picture");
  }
}

// In widths of a pixel.
struct Brush {
  double radius = 0;
  double row_height = 1;
};
Brush checked_brush(BrushRadii radii) {
  const auto [min, max] = std::pair(kLimits.min_brush_radius, kLimits.max_brush_radius);
  for (const double radius : {radii.x, radii.y}) {
    if (radius >= min && radius <= max) continue;  // false for not-a-number
    std::ostringstream message;
    message << "the radii of a brush are " << min << " to " << max << " pixels";
    throw Error(ErrorKind::usage, message.str());
  }
  return {radii.x, radii.x / radii.y};
}

struct Segment {
  Point2 a, b;
  double dx = 0, dy = 0, l = 0;
};
// From here on y is counted in widths of a pixel.
Segment segment_of(Point2 a, Point2 b, double row_height) {
  a.y *= row_height;
  b.y *= row_height;
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  return {a, b, dx, dy, dx * dx + dy * dy};
}

bool covers(const Segment& s, double radius, double x, double y) {
  const double t = s.l > 0 ? std::clamp(((x - s.a.x) * s.dx + (y - s.a.y) * s.dy) / s.l, 0.0, 1.0) : 0.0;
  const double ex = x - (s.a.x + t * s.dx);
  const double ey = y - (s.a.y + t * s.dy);
  return ex * ex + ey * ey <= radius * radius;
}

struct Interval {
  double low = 0, high = 0;
};
using MaybeInterval = std::optional<Interval>;

MaybeInterval hull(MaybeInterval a, MaybeInterval b) {
  if (!a || !b) return a ? a : b;
  return Interval{std::min(a->low, b->low), std::max(a->high, b->high)};
}

MaybeInterval disc_in_row(Point2 centre, double radius, double y) {
  const double rest = radius * radius - (y - centre.y) * (y - centre.y);
  if (rest < 0) return std::nullopt;
  return Interval{centre.x - std::sqrt(rest), centre.x + std::sqrt(rest)};
}

// x with low <= slope * x + offset <= high, within `within`.
MaybeInterval clipped(MaybeInterval within, double slope, double offset, Interval limits) {
  if (!within) return within;
  if (slope == 0) return offset >= limits.low && offset <= limits.high ? within : std::nullopt;
  double low = (limits.low - offset) / slope;
  double high = (limits.high - offset) / slope;
  if (low > high) std::swap(low, high);
  const Interval both{std::max(within->low, low), std::min(within->high, high)};
  return both.low <= both.high ? MaybeInterval(both) : std::nullopt;
}

// Where the row y lies within `radius` of the segment: a convex shape, so one interval. Not to the last bit.
MaybeInterval segment_in_row(const Segment& s, double radius, double y) {
  const MaybeInterval ends = hull(disc_in_row(s.a, radius, y), disc_in_row(s.b, radius, y));
  if (!(s.l > 0)) return ends;
  const double reach = radius * std::sqrt(s.l);
  MaybeInterval side = Interval{-4 * kFarthest, 4 * kFarthest};
  side = clipped(side, s.dx, (y - s.a.y) * s.dy - s.a.x * s.dx, {0, s.l});
  side = clipped(side, -s.dy, (y - s.a.y) * s.dx + s.a.x * s.dy, {-reach, reach});
  return hull(ends, side);
}

std::int64_t clamped(double at, std::int64_t size) {
  return static_cast<std::int64_t>(std::clamp(at, 0.0, static_cast<double>(size)));
}

struct Rows {
  std::int64_t begin = 0, end = 0;
};
Rows rows_near(const Segment& s, const Brush& brush, std::int64_t height) {
  return {clamped(std::floor((std::min(s.a.y, s.b.y) - brush.radius) / brush.row_height), height),
          clamped(std::ceil((std::max(s.a.y, s.b.y) + brush.radius) / brush.row_height) + 1, height)};
}

// Pixels that are inside without doubt are filled, those near the edge are asked one by one.
void paint_row(Mask& mask, const Segment& s, const Brush& brush, std::int64_t row) {
  const double radius = brush.radius;
  const double y = static_cast<double>(row) * brush.row_height;
  const std::int64_t width = mask.extent.width;
  const MaybeInterval outer = segment_in_row(s, radius + kEdgeEpsilon, y);
  if (!outer) return;
  const std::int64_t begin = clamped(std::floor(outer->low), width);
  const std::int64_t end = clamped(std::ceil(outer->high) + 1, width);
  const MaybeInterval inner = segment_in_row(s, radius - kEdgeEpsilon, y);
  const std::int64_t sure = inner ? std::clamp(clamped(std::ceil(inner->low), width), begin, end) : end;
  const std::int64_t unsure =
      inner ? std::clamp(clamped(std::floor(inner->high) + 1, width), sure, end) : end;
  const auto pixels = mask.pixels.begin() + row * width;
  const auto ask = [&](std::int64_t x) {
    if (covers(s, radius, static_cast<double>(x), y)) pixels[x] = 1;
  };
  for (std::int64_t x = begin; x < sure; ++x) ask(x);
  std::fill(pixels + sure, pixels + unsure, std::uint8_t{1});
  for (std::int64_t x = unsure; x < end; ++x) ask(x);
}

}  // namespace

Mask stroke_mask(std::span<const Point2> points, BrushRadii radii, Extent2 picture) {
  validate_points(points, 1);
  const Brush brush = checked_brush(radii);
  std::vector<Segment> segments;
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < std::max<std::size_t>(points.size() - 1, 1); ++i) {
    const Segment segment =
        segment_of(points[i], points[std::min(i + 1, points.size() - 1)], brush.row_height);
    const Rows near = rows_near(segment, brush, picture.height);
    rows += near.end - near.begin;
    if (rows > kMaxRows) throw Error(ErrorKind::usage, "the stroke crosses more rows than a hand draws");
    segments.push_back(segment);
  }
  Mask mask = empty_mask(picture);
  for (const Segment& segment : segments) {
    const Rows near = rows_near(segment, brush, picture.height);
    for (std::int64_t row = near.begin; row < near.end; ++row) paint_row(mask, segment, brush, row);
  }
  return mask;
}

Mask lasso_mask(std::span<const Point2> polygon, Extent2 picture) {
  validate_points(polygon, 3);
  std::vector<Point2> corners(polygon.begin(), polygon.end());
  for (Point2& corner : corners) corner = {corner.x + 0.5, corner.y + 0.5};
  try {
    return polygon_mask({corners}, picture);
  } catch (const Error&) {
    throw Error(ErrorKind::usage, "the lasso crosses more rows than a hand draws");
  }
}

}  // namespace sonde
