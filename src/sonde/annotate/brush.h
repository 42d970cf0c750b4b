// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "sonde/imaging/picture.h"

// Which pixels a brush stroke or a lasso covers. A page that shows strokes before the server has answered
// must cover the same ones: the arithmetic below is in doubles, each operation rounded by itself, and
// test/data/wire/strokes.json holds examples.
namespace sonde {

// The half axes of a brush in pixels of the picture. One that is round in millimetres, on pixels of px x py
// mm, has x * px == y * py.
struct BrushRadii {
  double x = 0, y = 0;
  bool operator==(const BrushRadii&) const = default;
};

// Points: pixels of the picture; they may lie outside it. All is measured in widths of a pixel, rows being
// s = radii.x / radii.y apart. For each pair of neighbouring points a, b (for a single point: a == b) the
// pixel (x, row) is covered if
//   a.y and b.y are multiplied by s, y = row * s
//   dx = b.x - a.x, dy = b.y - a.y, l = dx * dx + dy * dy
//   t = l > 0 ? min(max(((x - a.x) * dx + (y - a.y) * dy) / l, 0), 1) : 0
//   ex = x - (a.x + t * dx), ey = y - (a.y + t * dy)
//   ex * ex + ey * ey <= radii.x * radii.x
// Throws Error{usage} for no points, more than 100,000, coordinates beyond 1e6, a radius outside 0.5 .. 512,
// and a stroke whose segments cross more rows than a hand draws.
Mask stroke_mask(std::span<const Point2> points, BrushRadii radii, Extent2 picture);

// The pixels whose centres lie inside the closed polygon by the even-odd rule: polygon_mask
// (imaging/polygon.h) of the points moved by (0.5, 0.5). With y = row + 0.5, an edge a-b (a.y <= b.y) crosses
// the rows from ceil(a.y - 0.5) up to but without ceil(b.y - 0.5), at a.x + (b.x - a.x) * (y - a.y) / (b.y -
// a.y); between the 1st and 2nd, 3rd and 4th, ... crossing p, q of a row the pixels from ceil(p - 0.5) up to
// but without ceil(q - 0.5) are inside. Throws as stroke_mask, and for fewer than three points.
Mask lasso_mask(std::span<const Point2> polygon, Extent2 picture);

}  // namespace sonde
