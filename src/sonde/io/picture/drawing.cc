// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/picture/drawing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace sonde {
namespace {

constexpr int kSlope = 2;  // pixels to each side over which an outline is made smooth

// The share of a pixel that lies in a shape whose edge is `distance` from its centre, negative inside.
double coverage(double distance) { return std::clamp(0.5 - distance, 0.0, 1.0); }

// Mixes the colour in at every pixel of the box, by the share at its centre. Positions that are not numbers
// draw nothing.
template <typename ShareAt>
void paint(RgbImage& picture, const Box2& box, Colour colour, ShareAt share_at) {
  const auto within = [](double at, std::int64_t size) {
    return static_cast<std::int64_t>(std::fmin(std::fmax(at, 0.0), static_cast<double>(size)));
  };
  const std::int64_t x1 = within(std::floor(box.x1) + 1, picture.extent.width);
  const std::int64_t y1 = within(std::floor(box.y1) + 1, picture.extent.height);
  for (std::int64_t y = within(std::ceil(box.y0), picture.extent.height); y < y1; ++y) {
    for (std::int64_t x = within(std::ceil(box.x0), picture.extent.width); x < x1; ++x) {
      const double share = share_at(static_cast<double>(x), static_cast<double>(y));
      if (share > 0) mix(picture.pixels.data() + 3 * (y * picture.extent.width + x), colour, share);
    }
  }
}

Box2 grown(const Box2& box, double by) { return {box.x0 - by, box.y0 - by, box.x1 + by, box.y1 + by}; }
Box2 around(Point2 centre, double reach) { return grown({centre.x, centre.y, centre.x, centre.y}, reach); }

double distance_to_segment(Point2 p, Point2 a, Point2 b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double length2 = dx * dx + dy * dy;
  const double along =
      length2 > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length2, 0.0, 1.0) : 0;
  return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

// Of a star round (0, 0), one tip up; negative inside. The tenth between a tip and a notch stands for all.
double distance_to_star(double x, double y, double radius) {
  constexpr double kTenth = std::numbers::pi / 5, kNotch = 0.45;
  const double from_tip = std::abs(std::remainder(std::atan2(x, -y), 2 * kTenth));
  const double reach = std::hypot(x, y);
  const Point2 p{reach * std::cos(from_tip), reach * std::sin(from_tip)}, tip{radius, 0};
  const Point2 notch{kNotch * radius * std::cos(kTenth), kNotch * radius * std::sin(kTenth)};
  const double side = (notch.x - tip.x) * (p.y - tip.y) - (notch.y - tip.y) * (p.x - tip.x);
  return std::copysign(distance_to_segment(p, tip, notch), -side);
}

// A mask with a frame of zeros as wide as asked for.
Mask framed(const Mask& mask, std::int64_t frame) {
  Mask result = empty_mask({mask.extent.width + 2 * frame, mask.extent.height + 2 * frame});
  for (std::int64_t y = 0; y < mask.extent.height; ++y)
    std::copy_n(mask.pixels.begin() + y * mask.extent.width, mask.extent.width,
                result.pixels.begin() + (y + frame) * result.extent.width + frame);
  return result;
}

// A mask that is framed, at one of its pixels.
struct Spot {
  const std::uint8_t* pixel = nullptr;
  std::int64_t stride = 0;
  std::uint8_t at(std::int64_t x, std::int64_t y) const { return pixel[y * stride + x]; }
};

bool is_outermost(const Spot& spot) {
  return spot.at(0, 0) != 0 && (spot.at(-1, 0) & spot.at(1, 0) & spot.at(0, -1) & spot.at(0, 1)) == 0;
}

// From the centre of an outermost pixel to the mask's edge, with the stairs between pixels made slopes: where
// a straight edge would be that leaves as much of the 5 x 5 pixels about it inside.
Point2 towards_edge(const Spot& spot) {
  double count = 0, x_inside = 0, y_inside = 0;
  for (int y = -kSlope; y <= kSlope; ++y) {
    for (int x = -kSlope; x <= kSlope; ++x) {
      const std::uint8_t inside = spot.at(x, y);
      count += inside;
      x_inside += inside * x;
      y_inside += inside * y;
    }
  }
  const double length = std::hypot(x_inside, y_inside);
  if (length == 0) return {};  // nothing but a line, or a speck
  constexpr double kSide = 2 * kSlope + 1;
  const double edge_length = kSide * length / std::max(std::abs(x_inside), std::abs(y_inside));
  const double away = std::clamp((count - kSide * kSide / 2) / edge_length, 0.0, 1.0);
  return {-away * x_inside / length, -away * y_inside / length};
}

// Where discs overlap the larger share counts. pixel: of a plane of shares in 255ths, with room about it; the
// disc's centre is `centre` away.
void stamp_disc(std::uint8_t* pixel, std::int64_t stride, Point2 centre, double radius) {
  const auto reach = static_cast<std::int64_t>(radius + 1.5);
  for (std::int64_t y = -reach; y <= reach; ++y) {
    std::uint8_t* row = pixel + y * stride;
    const double dy = static_cast<double>(y) - centre.y;
    for (std::int64_t x = -reach; x <= reach; ++x) {
      const double dx = static_cast<double>(x) - centre.x;
      const double share = coverage(std::sqrt(dx * dx + dy * dy) - radius);
      row[x] = std::max(row[x], static_cast<std::uint8_t>(255 * share + 0.5));
    }
  }
}

}  // namespace

void mix(std::uint8_t* pixel, Colour colour, double share) {
  const std::array<std::uint8_t, 3> over{colour.red, colour.green, colour.blue};
  for (std::size_t i = 0; i < 3; ++i)
    pixel[i] = static_cast<std::uint8_t>(pixel[i] + share * (over[i] - pixel[i]) + 0.5);
}

void fill_disc(RgbImage& picture, Point2 centre, double radius, Colour colour) {
  paint(picture, around(centre, radius + 1), colour,
        [&](double x, double y) { return coverage(std::hypot(x - centre.x, y - centre.y) - radius); });
}

void fill_star(RgbImage& picture, const Star& star, Colour colour) {
  const Point2 centre = star.centre;
  paint(picture, around(centre, star.radius + star.border + 1), colour, [&](double x, double y) {
    return coverage(distance_to_star(x - centre.x, y - centre.y, star.radius) - star.border);
  });
}

void draw_stroke(RgbImage& picture, const Stroke& stroke, Colour colour) {
  const auto [x0, x1] = std::minmax(stroke.from.x, stroke.to.x);
  const auto [y0, y1] = std::minmax(stroke.from.y, stroke.to.y);
  paint(picture, grown({x0, y0, x1, y1}, stroke.width / 2 + 1), colour, [&](double x, double y) {
    return coverage(distance_to_segment({x, y}, stroke.from, stroke.to) - stroke.width / 2);
  });
}

void draw_frame(RgbImage& picture, const DashedFrame& frame) {
  const auto& [x0, y0, x1, y1] = frame.box;
  const std::array sides{Box2{x0, y0, x1, y0}, Box2{x0, y1, x1, y1}, Box2{x0, y0, x0, y1},
                         Box2{x1, y0, x1, y1}};
  const auto half = [](std::int64_t width) { return (static_cast<double>(width) - 1) / 2; };
  for (const Box2& side : sides) {
    paint(picture, grown(side, half(frame.dark_width)), frame.dark, [](double, double) { return 1.0; });
  }
  for (const Box2& side : sides) {
    const double length = side.x1 - side.x0 + side.y1 - side.y0;
    const double dashes =
        2 * std::floor(length / static_cast<double>(2 * frame.dash)) + 1;  // from corner to corner
    paint(picture, grown(side, half(frame.width)), frame.light, [&](double x, double y) {
      const double along = side.x0 == side.x1 ? y - side.y0 : x - side.x0;
      return std::fmod(std::floor(along * dashes / (length + 1)), 2) == 0 ? 1.0 : 0.0;
    });
  }
}

void draw_outline(RgbImage& picture, const Patch& patch, double width, Colour colour) {
  const auto room = static_cast<std::int64_t>(width / 2 + 1.5) + kSlope;
  const Mask inside = framed(patch.inside, room);
  const std::int64_t stride = inside.extent.width;
  std::vector<std::uint8_t> shares(inside.pixels.size(), 0);
  for (std::int64_t y = room; y < inside.extent.height - room; ++y) {
    for (std::int64_t x = room; x < stride - room; ++x) {
      const Spot spot{inside.pixels.data() + y * stride + x, stride};
      if (is_outermost(spot))
        stamp_disc(shares.data() + y * stride + x, stride, towards_edge(spot), width / 2);
    }
  }
  const auto x0 = static_cast<double>(patch.x0 - room), y0 = static_cast<double>(patch.y0 - room);
  const Box2 box{x0, y0, x0 + static_cast<double>(stride - 1),
                 y0 + static_cast<double>(inside.extent.height - 1)};
  paint(picture, box, colour, [&](double x, double y) {
    const std::int64_t i = static_cast<std::int64_t>(y - y0) * stride + static_cast<std::int64_t>(x - x0);
    return shares[static_cast<std::size_t>(i)] / 255.0;
  });
}

}  // namespace sonde
