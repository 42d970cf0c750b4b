// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/imaging/geometry.h"
#include "sonde/imaging/picture.h"

// Pictures in a report: outlines and prompts as vectors over a small PNG. The shapes of the JSON are told in
// web/report/src/drawing.ts.
namespace sonde {

// What ResultRow::prompt says; text that is not a prompt gives nothing.
struct PromptMarks {
  std::vector<Point2> positive, negative;
  std::vector<Box2> boxes;
};
PromptMarks parse_prompt_marks(std::string_view text);

// Masks to be outlined under their names on the page: the truth first.
using OutlinedMasks = std::vector<std::pair<std::string, Mask>>;

// The part of a picture worth a closer look: a square around the masks and prompts where the truth is small
// in it; absent where it is not. Whole pixels.
std::optional<Box2> closer_look(const OutlinedMasks& masks, const PromptMarks& prompt);

// Pictures of the page, each once, sized together so that the page stays light.
class PictureBook {
 public:
  using Name = std::pair<std::string, std::string>;  // data set and image

  // {"picture": PLACE, "width": ..., "height": ..., "prompt": ..., NAME: PATH of each mask} and, where it
  // helps, "closer". Null where the masks are not of the image's extent.
  nlohmann::json draw(const Name& name, const RgbImage& image, const OutlinedMasks& masks,
                      const PromptMarks& prompt);

  // At the longest side that keeps them light, about: ["data:image/png;base64,...", ...].
  nlohmann::json data_uris() const;

 private:
  std::size_t add(const RgbImage& image);

  std::vector<RgbImage> pictures_;
  std::map<Name, std::size_t> placed_;
};

// Objects worth showing, of IoUs in rising order: `each` of the best, of the median and of the worst. Up to
// three objects are shown once each; the best are better than the worst, and objects all alike have no rank.
struct RankedPlace {
  std::size_t place = 0;
  std::string_view rank;  // "best", "median", "worst"; "only", "alike"
};
std::vector<RankedPlace> places_by_rank(const std::vector<double>& ious, std::size_t each);

// The outline of a mask along pixel edges as data of an SVG path to be filled by the even-odd rule. The
// top-left corner of the top-left pixel is (0, 0), a pixel `scale` wide. Empty for an empty mask.
std::string outline_path(const Mask& mask, std::int64_t scale = 1);

// The same, from a mask made coarser (majority of squares of 2, 4, ... pixels) until the path has at most
// `max` characters.
std::string outline_path_within(const Mask& mask, std::size_t max);

}  // namespace sonde
