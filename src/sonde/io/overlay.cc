// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "sonde/core/error.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

// Okabe and Ito's colours, which people with a colour vision deficiency tell apart, without black; those that
// stand out from grey come first. Red, green, blue, as all of this file.
const std::array<cv::Scalar, 7> kMaskColours{
    cv::Scalar(86, 180, 233), cv::Scalar(230, 159, 0), cv::Scalar(240, 228, 66), cv::Scalar(204, 121, 167),
    cv::Scalar(0, 158, 115),  cv::Scalar(213, 94, 0),  cv::Scalar(0, 114, 178)};
const cv::Scalar kForeground(0, 200, 83), kBackground(229, 28, 35), kLight(255, 255, 255), kDark(20, 20, 20);
constexpr double kTint = 0.4;

// OpenCV's drawing takes fixed-point coordinates.
constexpr int kFractionBits = 4;
cv::Point fixed_point(double x, double y) {
  return {cv::saturate_cast<int>(x * (1 << kFractionBits)), cv::saturate_cast<int>(y * (1 << kFractionBits))};
}

// The picture in the making: small ones are enlarged by a whole factor, so that marks hide less.
class Canvas {
 public:
  explicit Canvas(const RgbImage& image) {
    const cv::Mat given(static_cast<int>(image.extent.height), static_cast<int>(image.extent.width), CV_8UC3,
                        const_cast<std::uint8_t*>(image.pixels.data()));  // never written through
    constexpr int kMostEnlarged = 1024;
    const int side = std::max(given.rows, given.cols);
    factor_ = std::max(1, kMostEnlarged / side);
    cv::resize(given, pixels_, {}, factor_, factor_, cv::INTER_CUBIC);
    unit_ = std::max(1.0, side * factor_ / 700.0);
  }

  cv::Mat& pixels() { return pixels_; }
  double unit() const { return unit_; }  // by which lines and marks are larger than on a small canvas
  int line(double width) const { return std::max(1, static_cast<int>(std::lround(width * unit_))); }

  // 255 inside, with smooth edges where the picture is enlarged.
  cv::Mat enlarged(const Mask& mask) const {
    cv::Mat inside(static_cast<int>(mask.extent.height), static_cast<int>(mask.extent.width), CV_8UC1);
    std::ranges::transform(mask.pixels, inside.data, [](std::uint8_t value) {
      return static_cast<std::uint8_t>(value != 0 ? 255 : 0);
    });
    if (factor_ == 1) return inside;
    cv::Mat smooth;
    cv::resize(inside, smooth, pixels_.size(), 0, 0, cv::INTER_LINEAR);
    return smooth >= 128;
  }

  // From the picture's pixels, whose centres are whole numbers, to the canvas's.
  double place(double x) const { return (x + 0.5) * factor_ - 0.5; }
  cv::Point first_corner(const Box2& box) const {
    return {cv::saturate_cast<int>(std::lround(box.x0 * factor_)),
            cv::saturate_cast<int>(std::lround(box.y0 * factor_))};
  }
  cv::Point last_corner(const Box2& box) const {
    return {cv::saturate_cast<int>(std::lround((box.x1 + 1) * factor_) - 1),
            cv::saturate_cast<int>(std::lround((box.y1 + 1) * factor_) - 1)};
  }

  RgbImage taken() const {
    const auto* begin = pixels_.ptr();
    return {{pixels_.cols, pixels_.rows}, {begin, begin + pixels_.total() * pixels_.elemSize()}};
  }

 private:
  cv::Mat pixels_;
  int factor_ = 1;
  double unit_ = 1;
};

const cv::Scalar& colour_of(std::size_t mask) { return kMaskColours[mask % kMaskColours.size()]; }

// From the largest to the smallest, so that none hides another.
std::vector<std::size_t> drawing_order(const std::vector<Mask>& masks) {
  std::vector<std::int64_t> areas;
  for (const Mask& mask : masks) areas.push_back(area_px(mask));
  std::vector<std::size_t> order(masks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return areas[i]; });
  return order;
}

// Where masks overlap the smaller one's colour is seen, and tints do not add up.
void draw_tints(Canvas& canvas, const std::vector<Mask>& masks, const std::vector<std::size_t>& order) {
  cv::Mat colours = canvas.pixels().clone();
  for (const std::size_t i : order) colours.setTo(colour_of(i), canvas.enlarged(masks[i]));
  cv::addWeighted(colours, kTint, canvas.pixels(), 1 - kTint, 0, canvas.pixels());
}

void draw_outlines(Canvas& canvas, const std::vector<Mask>& masks, const std::vector<std::size_t>& order) {
  for (const std::size_t i : order) {
    std::vector<std::vector<cv::Point>> contours;
    cv::findContours(canvas.enlarged(masks[i]), contours, cv::RETR_LIST, cv::CHAIN_APPROX_NONE);
    cv::polylines(canvas.pixels(), contours, /*isClosed=*/true, colour_of(i), canvas.line(2), cv::LINE_AA);
  }
}

// White dashes on a dark line are seen on any picture.
void draw_dashes(Canvas& canvas, cv::Point from, cv::Point to) {
  const double length = cv::norm(to - from);
  const double dash = 5 * canvas.unit();
  cv::line(canvas.pixels(), from, to, kDark, canvas.line(3));
  for (double at = 0; at < length; at += 2 * dash) {
    const double end = std::min(at + dash, length);
    cv::line(canvas.pixels(), from + cv::Point(cv::Point2d(to - from) * (at / length)),
             from + cv::Point(cv::Point2d(to - from) * (end / length)), kLight, canvas.line(1));
  }
}

void draw_box(Canvas& canvas, const Box2& box) {
  const cv::Point first = canvas.first_corner(box);
  const cv::Point last = canvas.last_corner(box);
  const cv::Point right(last.x, first.y);
  const cv::Point below(first.x, last.y);
  draw_dashes(canvas, first, right);
  draw_dashes(canvas, first, below);
  draw_dashes(canvas, right, last);
  draw_dashes(canvas, below, last);
}

void draw_star(Canvas& canvas, Point2 point, double radius, const cv::Scalar& colour) {
  constexpr int kCorners = 10;
  std::vector<cv::Point> corners;
  for (int i = 0; i < kCorners; ++i) {
    const double angle = std::numbers::pi * (2.0 * i / kCorners - 0.5);
    const double reach = i % 2 == 0 ? radius : 0.45 * radius;
    corners.push_back(fixed_point(canvas.place(point.x) + reach * std::cos(angle),
                                  canvas.place(point.y) + reach * std::sin(angle)));
  }
  cv::fillPoly(canvas.pixels(), std::vector{corners}, colour, cv::LINE_AA, kFractionBits);
}

void draw_disc(Canvas& canvas, Point2 point, double radius, const cv::Scalar& colour) {
  cv::circle(canvas.pixels(), fixed_point(canvas.place(point.x), canvas.place(point.y)),
             cv::saturate_cast<int>(radius * (1 << kFractionBits)), colour, cv::FILLED, cv::LINE_AA,
             kFractionBits);
}

// Shapes differ as well as colours: a star where the object is, a disc with a minus where it is not.
void draw_points(Canvas& canvas, const OverlayPrompt& prompt) {
  const double unit = canvas.unit();
  for (const Point2& point : prompt.background) {
    draw_disc(canvas, point, 6.5 * unit, kDark);
    draw_disc(canvas, point, 5.7 * unit, kLight);
    draw_disc(canvas, point, 4.4 * unit, kBackground);
    const double x = canvas.place(point.x);
    const double y = canvas.place(point.y);
    cv::line(canvas.pixels(), fixed_point(x - 2.3 * unit, y), fixed_point(x + 2.3 * unit, y), kLight,
             canvas.line(1.3), cv::LINE_AA, kFractionBits);
  }
  for (const Point2& point : prompt.foreground) {
    draw_star(canvas, point, 10.5 * unit, kDark);
    draw_star(canvas, point, 9.5 * unit, kLight);
    draw_star(canvas, point, 6.5 * unit, kForeground);
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
  const auto order = drawing_order(masks);
  draw_tints(canvas, masks, order);
  draw_outlines(canvas, masks, order);
  for (const Box2& box : prompt.boxes) draw_box(canvas, box);
  draw_points(canvas, prompt);
  return canvas.taken();
}

}  // namespace sonde
