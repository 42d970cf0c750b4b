// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/report_drawing.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sonde/evaluate/report_page.h"
#include "sonde/imaging/resize.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

using nlohmann::json;

constexpr int kMaxSide = 420;
constexpr int kMinSide = 120;
constexpr std::size_t kPictureCharacters = 1'900'000;  // of all pictures in the page
constexpr std::size_t kOutlineCharacters = 12'000;

std::string base64(const std::vector<std::byte>& bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve(bytes.size() / 3 * 4 + 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

// Smaller pictures stay as they are.
RgbImage at_most(const RgbImage& image, int longest_side) {
  const auto longest = static_cast<double>(std::max(image.extent.width, image.extent.height));
  if (longest <= longest_side) return image;
  const auto scaled = [&](std::int64_t side) {
    return std::max<std::int64_t>(1, std::lround(static_cast<double>(side) * longest_side / longest));
  };
  return area_average(image, {scaled(image.extent.width), scaled(image.extent.height)});
}

RgbImage part_of(const RgbImage& image, const Box2& box) {
  const auto x0 = static_cast<std::int64_t>(box.x0);
  const auto y0 = static_cast<std::int64_t>(box.y0);
  RgbImage part{{static_cast<std::int64_t>(box.x1) - x0 + 1, static_cast<std::int64_t>(box.y1) - y0 + 1}, {}};
  part.pixels.reserve(static_cast<std::size_t>(3 * pixel_count(part.extent)));
  for (std::int64_t y = y0; y < y0 + part.extent.height; ++y) {
    const auto row = image.pixels.begin() + 3 * (y * image.extent.width + x0);
    part.pixels.insert(part.pixels.end(), row, row + 3 * part.extent.width);
  }
  return part;
}

json box_json(const Box2& box) {
  return json::array({rounded(box.x0, 1), rounded(box.y0, 1), rounded(box.x1, 1), rounded(box.y1, 1)});
}

json prompt_json(const PromptMarks& prompt) {
  json points = json::array();
  for (const auto& [list, sign] : {std::pair{&prompt.positive, 1}, std::pair{&prompt.negative, 0}})
    for (const Point2& point : *list)
      points.push_back(json::array({rounded(point.x, 1), rounded(point.y, 1), sign}));
  json boxes = json::array();
  for (const Box2& box : prompt.boxes) boxes.push_back(box_json(box));
  return {{"points", std::move(points)}, {"boxes", std::move(boxes)}};
}

std::optional<double> number_from(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<double> numbers_from(std::string_view text) {
  std::vector<double> numbers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const auto value = number_from(text.substr(at, end - at));
    if (!value) return {};
    numbers.push_back(*value);
    at = end + 1;
  }
  return numbers;
}

void add_part(PromptMarks& prompt, std::string_view part) {
  const bool is_point = !part.empty() && (part.front() == '+' || part.front() == '-');
  const auto point = is_point ? numbers_from(part.substr(1)) : std::vector<double>{};
  const auto box = numbers_from(part);
  if (box.size() == 4)
    prompt.boxes.push_back({box[0], box[1], box[2], box[3]});
  else if (point.size() == 2)
    (part.front() == '+' ? prompt.positive : prompt.negative).push_back({point[0], point[1]});
}

// IoU as the page shows it.
long shown_iou(double iou) { return std::lround(1000 * iou); }

}  // namespace

std::optional<Box2> closer_look(const OutlinedMasks& masks, const PromptMarks& prompt) {
  constexpr double kSmallShare = 0.05;
  constexpr double kMinViewSide = 24;
  if (masks.empty()) return std::nullopt;
  const Mask& truth = masks.front().second;
  const Extent2 extent = truth.extent;
  if (static_cast<double>(area_px(truth)) >= kSmallShare * static_cast<double>(pixel_count(extent)))
    return std::nullopt;
  std::vector<Box2> parts = prompt.boxes;
  for (const auto& [name, mask] : masks)
    if (const auto box = bounding_box(mask)) parts.push_back(*box);
  for (const auto* points : {&prompt.positive, &prompt.negative})
    for (const Point2& point : *points) parts.push_back({point.x, point.y, point.x, point.y});
  if (parts.empty()) return std::nullopt;
  Box2 all = parts.front();
  for (const Box2& part : parts)
    all = {std::min(all.x0, part.x0), std::min(all.y0, part.y0), std::max(all.x1, part.x1),
           std::max(all.y1, part.y1)};
  const double side = std::max(kMinViewSide, 1.45 * (1 + std::max(all.x1 - all.x0, all.y1 - all.y0)));
  const auto shorter = static_cast<double>(std::min(extent.width, extent.height));
  if (side > 0.7 * shorter) return std::nullopt;  // hardly closer
  const auto start = [&](double low, double high, std::int64_t length) {
    return std::round(std::clamp((low + high + 1 - side) / 2, 0.0, static_cast<double>(length) - side - 1));
  };
  const double x0 = start(all.x0, all.x1, extent.width);
  const double y0 = start(all.y0, all.y1, extent.height);
  return Box2{x0, y0, x0 + std::floor(side), y0 + std::floor(side)};
}

std::size_t PictureBook::add(const RgbImage& image) {
  pictures_.push_back(at_most(image, kMaxSide));
  return pictures_.size() - 1;
}

json PictureBook::draw(const Name& name, const RgbImage& image, const OutlinedMasks& masks,
                       const PromptMarks& prompt) {
  const auto has_extent = [&](const auto& mask) { return mask.second.extent == image.extent; };
  if (pixel_count(image.extent) == 0 || !std::ranges::all_of(masks, has_extent)) return nullptr;
  const auto known = placed_.find(name);
  const std::size_t whole = known != placed_.end() ? known->second : add(image);
  placed_.insert_or_assign(name, whole);
  json drawing{{"picture", whole},
               {"width", image.extent.width},
               {"height", image.extent.height},
               {"prompt", prompt_json(prompt)}};
  for (const auto& [layer, mask] : masks) drawing[layer] = outline_path_within(mask, kOutlineCharacters);
  if (const auto closer = closer_look(masks, prompt))
    drawing["closer"] = {{"picture", add(part_of(image, *closer))}, {"box", box_json(*closer)}};
  return drawing;
}

json PictureBook::data_uris() const {
  int side = kMaxSide;
  for (;;) {
    json uris = json::array();
    std::size_t characters = 0;
    for (const RgbImage& picture : pictures_) {
      uris.push_back("data:image/png;base64," + base64(encode_png(at_most(picture, side))));
      characters += uris.back().get_ref<const std::string&>().size();
    }
    if (characters <= kPictureCharacters || side <= kMinSide) return uris;
    const double share = static_cast<double>(kPictureCharacters) / static_cast<double>(characters);
    side = std::max(kMinSide, static_cast<int>(0.97 * side * std::sqrt(share)));
  }
}

std::vector<RankedPlace> places_by_rank(const std::vector<double>& ious, std::size_t each) {
  const std::size_t count = ious.size();
  if (count == 0) return {};
  if (count == 1) return {{0, "only"}};
  std::vector<RankedPlace> chosen;
  if (shown_iou(ious.front()) == shown_iou(ious.back())) {
    for (std::size_t i = 0; i < std::min<std::size_t>(count, 3); ++i) chosen.push_back({i, "alike"});
    return chosen;
  }
  const auto take = [&](std::size_t place, std::string_view rank) {
    if (place < count && std::ranges::find(chosen, place, &RankedPlace::place) == chosen.end())
      chosen.push_back({place, rank});
  };
  if (count <= 3) each = 1;
  for (std::size_t i = 0; i < each; ++i)
    if (shown_iou(ious[count - 1 - i]) > shown_iou(ious.front())) take(count - 1 - i, "best");
  if (count > 2)
    for (std::size_t i = each; i-- > 0;) take((count - 1) / 2 + i, "median");
  for (std::size_t i = each; i-- > 0;) take(i, "worst");
  return chosen;
}

PromptMarks parse_prompt_marks(std::string_view text) {
  PromptMarks prompt;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(';', at), text.size());
    add_part(prompt, text.substr(at, end - at));
    at = end + 1;
  }
  return prompt;
}

}  // namespace sonde
