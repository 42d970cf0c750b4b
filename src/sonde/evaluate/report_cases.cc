// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "sonde/evaluate/report_parts.h"
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

bool is_whole(const CasePicture& picture) {
  return pixel_count(picture.image.extent) > 0 && picture.truth.extent == picture.image.extent &&
         picture.prediction.extent == picture.image.extent;
}

// Pictures of the page, each once, sized together so that the page stays light.
class PictureBook {
 public:
  std::size_t add(const RgbImage& image) {
    pictures_.push_back(at_most(image, kMaxSide));
    return pictures_.size() - 1;
  }
  // At the longest side that keeps them within kPictureCharacters, about.
  json data_uris() const {
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

 private:
  std::vector<RgbImage> pictures_;
};

json box_json(const Box2& box) {
  return json::array({rounded(box.x0, 1), rounded(box.y0, 1), rounded(box.x1, 1), rounded(box.y1, 1)});
}

json prompt_json(const DrawnPrompt& prompt) {
  json points = json::array();
  for (const auto& [list, sign] : {std::pair{&prompt.positive, 1}, std::pair{&prompt.negative, 0}})
    for (const Point2& point : *list)
      points.push_back(json::array({rounded(point.x, 1), rounded(point.y, 1), sign}));
  json boxes = json::array();
  for (const Box2& box : prompt.boxes) boxes.push_back(box_json(box));
  return {{"points", std::move(points)}, {"boxes", std::move(boxes)}};
}

json caption_json(const ChosenCase& chosen, const ReportIndex& index) {
  const ResultRow& row = *chosen.row;
  return {{"rank", chosen.rank},
          {"dataSet", index.data_set(row.dataset)},
          {"column", index.column(row.protocol, row.step)},
          {"choice", index.choice(row.choice)},
          {"image", row.image},
          {"label", row.label},
          {"labelName", row.label_name},
          {"object", row.object},
          {"area", row.area_px},
          {"iou", rounded(row.scores.iou, 3)},
          {"dice", rounded(row.scores.dice, 3)},
          {"predicted", row.predicted_iou ? rounded(*row.predicted_iou, 2) : json(nullptr)}};
}

// Pictures already in the book, by data set and image.
using Placed = std::map<std::pair<std::string, std::string>, std::size_t>;

json drawing_json(const ResultRow& row, const CasePicture& picture, PictureBook& book, Placed& placed) {
  const DrawnPrompt prompt = parse_drawn_prompt(row.prompt);
  const auto known = placed.find({row.dataset, row.image});
  const std::size_t whole = known != placed.end() ? known->second : book.add(picture.image);
  placed.insert_or_assign({row.dataset, row.image}, whole);
  json drawing{{"picture", whole},
               {"width", picture.image.extent.width},
               {"height", picture.image.extent.height},
               {"truth", outline_path_within(picture.truth, kOutlineCharacters)},
               {"prediction", outline_path_within(picture.prediction, kOutlineCharacters)},
               {"prompt", prompt_json(prompt)}};
  if (const auto closer = closer_look(picture, prompt))
    drawing["closer"] = {{"picture", book.add(part_of(picture.image, *closer))}, {"box", box_json(*closer)}};
  return drawing;
}

}  // namespace

std::optional<Box2> closer_look(const CasePicture& picture, const DrawnPrompt& prompt) {
  constexpr double kSmallShare = 0.05;
  constexpr double kMinViewSide = 24;
  const Extent2 extent = picture.image.extent;
  if (static_cast<double>(area_px(picture.truth)) >= kSmallShare * static_cast<double>(pixel_count(extent)))
    return std::nullopt;
  std::vector<Box2> parts = prompt.boxes;
  for (const auto& mask : {&picture.truth, &picture.prediction})
    if (const auto box = bounding_box(*mask)) parts.push_back(*box);
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

json report_cases(const ReportInput& input, const ReportIndex& index) {
  PictureBook book;
  Placed placed;
  json lines = json::array();
  for (const ChosenCase& chosen : choose_cases(input.rows, index)) {
    json line = caption_json(chosen, index);
    const auto picture = input.picture ? input.picture(*chosen.row) : std::nullopt;
    if (picture && is_whole(*picture)) line["drawing"] = drawing_json(*chosen.row, *picture, book, placed);
    lines.push_back(std::move(line));
  }
  return {{"pictures", book.data_uris()}, {"lines", std::move(lines)}};
}

}  // namespace sonde
