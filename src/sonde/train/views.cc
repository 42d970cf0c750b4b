// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/views.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "sonde/core/random.h"

namespace sonde {
namespace {

enum class Change { mirror, window, part };
constexpr auto words(Change /*change*/) { return Words{"", "mirror", "window", "part"}; }

struct View {
  Change change = Change::mirror;
  double gain = 1, offset = 0;         // of window: grey levels
  double side = 1, left = 0, top = 0;  // of part: shares of the picture
};

View drawn_view(const TrainPicture& picture, int number, std::uint64_t seed) {
  Random random(
      named_seed(seed, "view\n" + picture.dataset + '\n' + picture.image + '\n' + std::to_string(number)));
  constexpr std::array kTurns{Change::mirror, Change::window, Change::part};
  View view{kTurns.at(static_cast<std::size_t>(number - 1) % kTurns.size())};
  view.gain = 0.9 + 0.2 * random.uniform();
  view.offset = 25.5 * (2 * random.uniform() - 1);
  view.side = 0.8 + 0.15 * random.uniform();
  view.left = (1 - view.side) * random.uniform();
  view.top = (1 - view.side) * random.uniform();
  return view;
}

struct Cut {
  std::int64_t x0 = 0, y0 = 0;
  Extent2 extent;
};
Cut cut_of(const View& view, Extent2 whole) {
  if (view.change != Change::part) return {0, 0, whole};
  const auto of = [](double share, std::int64_t size) {
    return static_cast<std::int64_t>(share * static_cast<double>(size));
  };
  const Extent2 extent{std::max<std::int64_t>(1, of(view.side, whole.width)),
                       std::max<std::int64_t>(1, of(view.side, whole.height))};
  return {std::min(of(view.left, whole.width), whole.width - extent.width),
          std::min(of(view.top, whole.height), whole.height - extent.height), extent};
}

// Where the pixels of the view lie in the picture.
template <typename Take>
void for_each_pixel(const View& view, Extent2 whole, const Take& take) {
  const Cut cut = cut_of(view, whole);
  for (std::int64_t y = 0; y < cut.extent.height; ++y) {
    for (std::int64_t x = 0; x < cut.extent.width; ++x) {
      const std::int64_t from = view.change == Change::mirror ? cut.extent.width - 1 - x : cut.x0 + x;
      take(static_cast<std::size_t>((cut.y0 + y) * whole.width + from));
    }
  }
}

RgbImage seen(const View& view, const RgbImage& image) {
  RgbImage changed{cut_of(view, image.extent).extent, {}};
  changed.pixels.reserve(static_cast<std::size_t>(3 * pixel_count(changed.extent)));
  for_each_pixel(view, image.extent, [&](std::size_t at) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      double value = image.pixels[3 * at + channel];
      if (view.change == Change::window) value = std::clamp(view.gain * value + view.offset, 0.0, 255.0);
      changed.pixels.push_back(static_cast<std::uint8_t>(std::lround(value)));
    }
  });
  return changed;
}

Mask seen(const View& view, const Mask& mask) {
  Mask changed{cut_of(view, mask.extent).extent, {}};
  for_each_pixel(view, mask.extent, [&](std::size_t at) { changed.pixels.push_back(mask.pixels[at]); });
  return changed;
}

TrainPicture made(const TrainPicture& of, int number, const DataOptions& options) {
  const View view = drawn_view(of, number, options.seed);
  TrainPicture picture = of;
  picture.view = std::string(to_string(view.change)) + ' ' + std::to_string(number);
  PictureWithMasks shown{seen(view, of.load()), {}};
  for (const TrainObject& object : of.objects) shown.masks.push_back(seen(view, decode_rle(object.mask)));
  complete(picture, shown, options);
  picture.load = [view, load = of.load] { return seen(view, load()); };
  return picture;
}

}  // namespace

std::vector<TrainPicture> views_of(const std::vector<TrainPicture>& pictures, int views,
                                   const DataOptions& options, const Progress& progress) {
  std::vector<TrainPicture> all;
  std::int64_t done = 0;
  for (const TrainPicture& picture : pictures) {
    if (picture.part == SplitPart::train) {
      for (int number = 1; number < views; ++number) {
        TrainPicture view = made(picture, number, options);
        if (!view.tasks.empty()) all.push_back(std::move(view));
      }
    }
    if (progress) progress({"views", ++done, static_cast<std::int64_t>(pictures.size())});
  }
  return all;
}

}  // namespace sonde
