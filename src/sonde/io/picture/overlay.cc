// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/imaging/resize.h"
#include "sonde/io/picture/drawing.h"
#include "sonde/io/picture/lettering.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

// Okabe and Ito's colours, which people with a colour vision deficiency tell apart, without black; those that
// stand out from grey come first.
constexpr std::array<Colour, 7> kMaskColours{Colour{86, 180, 233}, {230, 159, 0}, {240, 228, 66},
                                             {204, 121, 167},      {0, 158, 115}, {213, 94, 0},
                                             {0, 114, 178}};
constexpr Colour kForeground{0, 200, 83}, kBackground{229, 28, 35}, kLight{255, 255, 255}, kDark{20, 20, 20};
constexpr double kTint = 0.4;
constexpr std::uint8_t kUntinted = kMaskColours.size();

// A position between two pixels of a line, in units of 1 / (2 factor) of their distance.
struct Between {
  std::int64_t before = 0, after = 0;
  std::int32_t past_before = 0;
};
// Of pixels `first` to `first + count - 1`, each made `factor` pixels; the line's ends repeat.
std::vector<Between> positions(std::int64_t first, std::int64_t count, std::int64_t factor,
                               std::int64_t size) {
  std::vector<Between> all;
  for (std::int64_t i = first * factor; i < (first + count) * factor; ++i) {
    const std::int64_t units = 2 * i + 1 + factor;  // from the centre of pixel -1
    const std::int64_t after = units / (2 * factor);
    all.push_back({std::max<std::int64_t>(after - 1, 0), std::min(after, size - 1),
                   static_cast<std::int32_t>(units % (2 * factor))});
  }
  return all;
}

// The mask's own box, enlarged: inside is where linear interpolation has at least a half, so edges are
// smooth.
Patch enlarged_patch(const Mask& mask, const Box2& box, std::int64_t factor) {
  const auto x0 = static_cast<std::int64_t>(box.x0), y0 = static_cast<std::int64_t>(box.y0);
  const Extent2 extent{static_cast<std::int64_t>(box.x1) - x0 + 1,
                       static_cast<std::int64_t>(box.y1) - y0 + 1};
  Patch patch{x0 * factor, y0 * factor, empty_mask({extent.width * factor, extent.height * factor})};
  const auto full = static_cast<std::int32_t>(2 * factor);
  const auto columns = positions(x0, extent.width, factor, mask.extent.width);
  std::vector<std::int32_t> above(columns.size()), below(columns.size());
  const auto fill = [&](std::vector<std::int32_t>& line, std::int64_t y) {
    const auto* row = mask.pixels.data() + y * mask.extent.width;
    std::ranges::transform(columns, line.begin(), [&](const Between& x) {
      return (full - x.past_before) * row[x.before] + x.past_before * row[x.after];
    });
  };
  std::pair<std::int64_t, std::int64_t> filled{-1, -1};
  auto* out = patch.inside.pixels.data();
  for (const Between& y : positions(y0, extent.height, factor, mask.extent.height)) {
    if (const std::pair rows(y.before, y.after); std::exchange(filled, rows) != rows) {
      fill(above, y.before);
      fill(below, y.after);
    }
    for (std::size_t x = 0; x < columns.size(); ++x)
      *out++ = (full - y.past_before) * above[x] + y.past_before * below[x] >= full * full / 2 ? 1 : 0;
  }
  return patch;
}

// The picture in the making: small ones are enlarged by a whole factor, so that marks hide less.
class Canvas {
 public:
  explicit Canvas(const RgbImage& image) {
    constexpr std::int64_t kMaxEnlarged = 1024;
    const std::int64_t side = std::max(image.extent.width, image.extent.height);
    factor_ = std::max<std::int64_t>(1, kMaxEnlarged / side);
    picture = enlarged(image, factor_);
    unit_ = std::max(1.0, static_cast<double>(side * factor_) / 700);
  }

  RgbImage picture;

  double unit() const { return unit_; }  // by which lines and marks are larger than on a small canvas
  std::int64_t whole(double length) const { return std::max<std::int64_t>(1, std::lround(length * unit_)); }
  std::int64_t odd(double length) const { return 2 * std::lround((length * unit_ - 1) / 2) + 1; }

  // From the picture's pixels, whose centres are whole numbers, to the canvas's.
  Point2 place(Point2 point) const {
    const auto factor = static_cast<double>(factor_);
    return {(point.x + 0.5) * factor - 0.5, (point.y + 0.5) * factor - 0.5};
  }
  Box2 place(const Box2& box) const {
    const auto factor = static_cast<double>(factor_);
    return {std::round(box.x0 * factor), std::round(box.y0 * factor), std::round((box.x1 + 1) * factor) - 1,
            std::round((box.y1 + 1) * factor) - 1};
  }
  Patch place(const Mask& mask, const Box2& box) const { return enlarged_patch(mask, box, factor_); }

 private:
  std::int64_t factor_ = 1;
  double unit_ = 1;
};

struct Shape {
  const Mask* mask = nullptr;
  std::size_t index = 0;  // of the mask
  Box2 box;
  std::int64_t area = 0;
  std::uint8_t colour = 0;
};

// From the largest to the smallest, so that none hides another.
std::vector<Shape> drawing_order(const std::vector<Mask>& masks) {
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < masks.size(); ++i) {
    if (const auto box = bounding_box(masks[i]))
      shapes.push_back(
          {&masks[i], i, *box, area_px(masks[i]), static_cast<std::uint8_t>(i % kMaskColours.size())});
  }
  std::ranges::stable_sort(shapes, std::greater{}, &Shape::area);
  return shapes;
}

// Where masks overlap the smaller one's colour is seen, and tints do not add up.
void draw_tints(Canvas& canvas, const std::vector<Shape>& shapes) {
  const auto width = static_cast<std::size_t>(canvas.picture.extent.width);
  std::vector<std::uint8_t> colours(static_cast<std::size_t>(pixel_count(canvas.picture.extent)), kUntinted);
  for (const Shape& shape : shapes) {
    const Patch patch = canvas.place(*shape.mask, shape.box);
    const auto* inside = patch.inside.pixels.data();
    for (std::int64_t y = 0; y < patch.inside.extent.height; ++y) {
      auto* row = colours.data() + static_cast<std::size_t>(patch.y0 + y) * width + patch.x0;
      for (std::int64_t x = 0; x < patch.inside.extent.width; ++x)
        row[x] = *inside++ != 0 ? shape.colour : row[x];
    }
  }
  for (std::size_t i = 0; i < colours.size(); ++i) {
    if (colours[i] != kUntinted) mix(canvas.picture.pixels.data() + 3 * i, kMaskColours[colours[i]], kTint);
  }
}

void draw_box(Canvas& canvas, const Box2& box) {
  draw_frame(canvas.picture, {.box = canvas.place(box),
                              .width = canvas.odd(1),
                              .dark_width = canvas.odd(3),
                              .dash = canvas.whole(5),
                              .light = kLight,
                              .dark = kDark});
}

// Shapes differ as well as colours: a star where the object is, a disc with a minus where it is not. White
// and dark borders are seen on any picture.
void draw_points(Canvas& canvas, const OverlayPrompt& prompt) {
  const double unit = canvas.unit();
  const double light = 1.3 * unit, dark = 2.1 * unit;
  for (const Point2& point : prompt.background) {
    const Point2 at = canvas.place(point);
    const double radius = 4.4 * unit, half = 1.9 * unit;
    fill_disc(canvas.picture, at, radius + dark, kDark);
    fill_disc(canvas.picture, at, radius + light, kLight);
    fill_disc(canvas.picture, at, radius, kBackground);
    draw_stroke(canvas.picture, {{at.x - half, at.y}, {at.x + half, at.y}, 2.2 * unit}, kLight);
  }
  for (const Point2& point : prompt.foreground) {
    const Point2 at = canvas.place(point);
    const double radius = 8 * unit;
    fill_star(canvas.picture, {at, radius, dark}, kDark);
    fill_star(canvas.picture, {at, radius, light}, kLight);
    fill_star(canvas.picture, {at, radius, 0}, kForeground);
  }
}

bool do_meet(const Box2& a, const Box2& b) {
  return a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1;
}

// Each at the top of its mask's box, in its colour on dark, further down where another is written already.
void draw_names(Canvas& canvas, const std::vector<Shape>& shapes, const std::vector<std::string>& names) {
  const std::int64_t dot = canvas.whole(1.4);
  const auto margin = static_cast<double>(2 * dot);
  const auto width = static_cast<double>(canvas.picture.extent.width),
             height = static_cast<double>(canvas.picture.extent.height);
  std::vector<Box2> written;
  for (const Shape& shape : shapes) {
    const std::string& name = names.at(shape.index);
    const Extent2 extent = text_extent(name, dot);
    const Box2 place = canvas.place(shape.box);
    const double wide = static_cast<double>(extent.width) + 2 * margin,
                 high = static_cast<double>(extent.height) + 2 * margin;
    const double left = std::max(0.0, std::min(place.x0, width - wide));
    double top = std::max(0.0, std::min(place.y0 - high, height - high));
    const auto box = [&] { return Box2{left, top, left + wide - 1, top + high - 1}; };
    while (top + 2 * high <= height &&
           std::ranges::any_of(written, [&](const Box2& other) { return do_meet(other, box()); }))
      top += high;
    written.push_back(box());
    fill_box(canvas.picture, box(), kDark);
    draw_text(canvas.picture, {left + margin, top + margin}, dot, name, kMaskColours[shape.colour]);
  }
}

void require_alike(const RgbImage& image, const std::vector<Mask>& masks) {
  const auto count = static_cast<std::size_t>(pixel_count(image.extent));
  const bool alike = std::ranges::all_of(
      masks, [&](const Mask& mask) { return mask.extent == image.extent && mask.pixels.size() == count; });
  if (count == 0 || image.pixels.size() != 3 * count || !alike)
    throw Error(ErrorKind::usage, "overlay: picture and masks differ in size");
}

}  // namespace

RgbImage draw_overlay(const RgbImage& image, const std::vector<Mask>& masks, const OverlayPrompt& prompt) {
  require_alike(image, masks);
  Canvas canvas(image);
  const std::vector<Shape> shapes = drawing_order(masks);
  draw_tints(canvas, shapes);
  const double width = 2.8 * canvas.unit();
  for (const Shape& shape : shapes)
    draw_outline(canvas.picture, canvas.place(*shape.mask, shape.box), width, kMaskColours[shape.colour]);
  for (const Box2& box : prompt.boxes) draw_box(canvas, box);
  draw_points(canvas, prompt);
  if (!prompt.names.empty()) draw_names(canvas, shapes, prompt.names);
  return std::move(canvas.picture);
}

}  // namespace sonde
