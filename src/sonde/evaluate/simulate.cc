// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/simulate.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <sstream>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/core/random.h"
#include "sonde/evaluate/chamfer_distance.h"
#include "sonde/imaging/regions.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxRegions = 3;

Random draws_for(const TaskUser& user, const std::string& purpose) {
  return Random(named_seed(user.seed, user.task + '\n' + purpose));
}

double clamped(double value, std::int64_t size) {
  return std::clamp(value, 0.0, static_cast<double>(size - 1));
}

// A whole pixel of the picture.
Point2 jittered(Point2 aim, Extent2 picture, double jitter_px, Random& random) {
  if (jitter_px <= 0) return aim;
  const auto shift = [&] { return (2 * random.uniform() - 1) * jitter_px; };
  const double x = aim.x + shift();
  const double y = aim.y + shift();
  return {clamped(std::round(x), picture.width), clamped(std::round(y), picture.height)};
}

Mask only_region(const Regions& regions, std::size_t index, Extent2 extent) {
  Mask mask = empty_mask(extent);
  const std::int32_t label = regions.regions[index].label;
  for (std::size_t i = 0; i < mask.pixels.size(); ++i) mask.pixels[i] = regions.labels[i] == label ? 1 : 0;
  return mask;
}

Prompt box_prompt(Box2 box, Extent2 picture, const TaskUser& user, const std::string& purpose) {
  const double grow_x = std::round(user.slack * (box.x1 - box.x0 + 1));
  const double grow_y = std::round(user.slack * (box.y1 - box.y0 + 1));
  Random random = draws_for(user, "box " + purpose);
  const auto corner = [&](double x, double y) {
    return jittered({clamped(x, picture.width), clamped(y, picture.height)}, picture, user.jitter_px, random);
  };
  const Point2 a = corner(box.x0 - grow_x, box.y0 - grow_y);
  const Point2 b = corner(box.x1 + grow_x, box.y1 + grow_y);
  return {{}, Box2{std::min(a.x, b.x), std::min(a.y, b.y), std::max(a.x, b.x), std::max(a.y, b.y)}, {}};
}

}  // namespace

Ties parse_ties(std::string_view text) {
  if (text == "first") return Ties::first;
  if (text == "random") return Ties::random;
  throw Error(ErrorKind::usage, "--ties " + std::string(text) + ": first or random");
}

std::string_view to_string(Ties ties) { return ties == Ties::first ? "first" : "random"; }

void validate(const SimulatedUser& user) {
  if (!(user.jitter_px >= 0 && user.jitter_px <= 1e6)) {
    throw Error(ErrorKind::usage, "--jitter is a number of pixels, 0 to 1000000");
  }
  if (!(user.slack >= 0 && user.slack <= 100)) {
    throw Error(ErrorKind::usage, "--slack is a share of the box, 0 to 100 (0.1: a tenth to each side)");
  }
}

std::optional<AimedPoint> farthest_point(const Mask& region, const TaskUser& user, int index) {
  const auto box = bounding_box(region);
  if (!box) return std::nullopt;
  const std::vector<float> distance = chamfer_distance(region, *box);
  const float max = *std::max_element(distance.begin(), distance.end());
  std::vector<Point2> farthest;  // row-major
  auto value = distance.begin();
  const auto x0 = static_cast<std::int64_t>(box->x0), x1 = static_cast<std::int64_t>(box->x1);
  for (auto y = static_cast<std::int64_t>(box->y0); y <= static_cast<std::int64_t>(box->y1); ++y) {
    for (auto x = x0; x <= x1; ++x) {
      if (*value++ == max) farthest.push_back({static_cast<double>(x), static_cast<double>(y)});
    }
  }
  Random random = draws_for(user, "point " + std::to_string(index));
  const std::size_t pick = user.ties == Ties::first ? 0 : random.below(farthest.size());
  return AimedPoint{farthest[pick], jittered(farthest[pick], region.extent, user.jitter_px, random)};
}

std::optional<Point2> random_point(const Mask& region, const TaskUser& user) {
  const std::int64_t area = area_px(region);
  if (area == 0) return std::nullopt;
  auto left = draws_for(user, "any point").below(static_cast<std::uint64_t>(area));
  std::size_t at = 0;
  while (region.pixels[at] == 0 || left-- > 0) ++at;
  const auto width = static_cast<std::size_t>(region.extent.width);
  return Point2{static_cast<double>(at % width), static_cast<double>(at / width)};
}

std::optional<Box2> jittered_box(const Mask& region, double share, const TaskUser& user) {
  constexpr double kMaxShift = 20;  // pixels
  const auto box = bounding_box(region);
  if (!box) return std::nullopt;
  Random random = draws_for(user, "jittered box");
  const auto moved = [&](double side, double length, std::int64_t size) {
    // Box and Muller: a normal draw from two uniform ones.
    const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
    const double shift = share * length * radius * std::cos(2 * std::numbers::pi * random.uniform());
    return clamped(std::round(side + std::clamp(shift, -kMaxShift, kMaxShift)), size);
  };
  const double width = box->x1 - box->x0 + 1, height = box->y1 - box->y0 + 1;
  const double x0 = moved(box->x0, width, region.extent.width),
               x1 = moved(box->x1, width, region.extent.width);
  const double y0 = moved(box->y0, height, region.extent.height),
               y1 = moved(box->y1, height, region.extent.height);
  return Box2{std::min(x0, x1), std::min(y0, y1), std::max(x0, x1), std::max(y0, y1)};
}

std::vector<Prompt> mode_prompts(int mode, const Mask& truth, const TaskUser& user) {
  const Extent2 picture = truth.extent;
  if (mode == 5) return {box_prompt(bounding_box(truth).value(), picture, user, "all")};
  const Regions regions = find_regions(truth);
  const bool one_region = mode == 1 || mode == 3;
  const std::size_t count = one_region ? 1 : std::min(kMaxRegions, regions.regions.size());
  std::vector<Prompt> prompts;
  for (std::size_t i = 0; i < count; ++i) {
    if (mode >= 3) {
      prompts.push_back(box_prompt(regions.regions[i].box, picture, user, std::to_string(i + 1)));
      continue;
    }
    if (i == 0) prompts.emplace_back();
    const auto point = farthest_point(only_region(regions, i, picture), user, static_cast<int>(i) + 1);
    prompts.front().points.push_back({point.value().jittered, PointLabel::foreground});
  }
  return prompts;
}

std::optional<PointPrompt> next_click(const Mask& truth, const Mask& prediction, const Mask& positive,
                                      const TaskUser& user, int index) {
  Mask error = empty_mask(truth.extent);
  for (std::size_t i = 0; i < error.pixels.size(); ++i) {
    error.pixels[i] = truth.pixels[i] != prediction.pixels[i] ? 1 : 0;
  }
  const auto point = farthest_point(error, user, index);
  if (!point) return std::nullopt;
  const auto at = static_cast<std::size_t>(point->aim.y) * static_cast<std::size_t>(truth.extent.width) +
                  static_cast<std::size_t>(point->aim.x);
  return PointPrompt{point->jittered,
                     positive.pixels[at] != 0 ? PointLabel::foreground : PointLabel::background};
}

std::string prompt_text(const std::vector<Prompt>& prompts) {
  std::ostringstream text;  // prompts are whole pixels: printed without a fraction up to a million
  text.precision(12);
  std::string separator;
  for (const Prompt& prompt : prompts) {
    for (const PointPrompt& point : prompt.points) {
      text << std::exchange(separator, ";") << (point.label == PointLabel::foreground ? '+' : '-')
           << point.position.x << ',' << point.position.y;
    }
    if (prompt.box) {
      const Box2& box = *prompt.box;
      text << std::exchange(separator, ";") << box.x0 << ',' << box.y0 << ',' << box.x1 << ',' << box.y1;
    }
  }
  return text.str();
}

}  // namespace sonde
