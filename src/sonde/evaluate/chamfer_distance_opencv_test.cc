// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <unordered_set>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "sonde/core/data_testing.h"
#include "sonde/core/random.h"
#include "sonde/evaluate/chamfer_distance.h"
#include "sonde/evaluate/shapes_testing.h"
#include "sonde/io/label_map.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

std::vector<float> opencvs(const Mask& mask, const Box2& box) {
  const cv::Rect part(static_cast<int>(box.x0), static_cast<int>(box.y0),
                      static_cast<int>(box.x1 - box.x0) + 1, static_cast<int>(box.y1 - box.y0) + 1);
  const cv::Mat all(static_cast<int>(mask.extent.height), static_cast<int>(mask.extent.width), CV_8U,
                    const_cast<std::uint8_t*>(mask.pixels.data()));  // OpenCV has no view of constants
  cv::Mat framed, distance;
  cv::copyMakeBorder(all(part), framed, 1, 1, 1, 1, cv::BORDER_CONSTANT | cv::BORDER_ISOLATED, 0);
  cv::distanceTransform(framed, distance, cv::DIST_L2, cv::DIST_MASK_5);
  const cv::Mat inner = distance(cv::Rect(1, 1, part.width, part.height)).clone();
  return {inner.begin<float>(), inner.end<float>()};
}

// Random masks of every kind, 1 x 1 to 64 x 64.
class Masks {
 public:
  Mask next() {
    Mask mask = empty_mask({1 + below(64), 1 + below(64)});
    switch (kind_++ % 6) {
      case 0:  // noise, from none to all
        fill(mask, [this, density = random_.uniform()](auto, auto) { return random_.uniform() < density; });
        break;
      case 1:  // blobs
        for (auto blobs = 1 + below(4); blobs > 0; --blobs) add_ellipse(mask);
        break;
      case 2:  // a line
        add_line(mask);
        break;
      case 3:  // full but for some pixels, or for none
        std::fill(mask.pixels.begin(), mask.pixels.end(), std::uint8_t{1});
        for (auto holes = below(4); holes > 0; --holes) mask.pixels[random_.below(mask.pixels.size())] = 0;
        break;
      case 4:  // a pixel, or none
        mask.pixels[random_.below(mask.pixels.size())] = static_cast<std::uint8_t>(below(8) != 0);
        break;
      default:  // a blob cut by lines
        add_ellipse(mask);
        add_line(mask);
        fill(mask, [&](auto x, auto y) { return mask.pixels[at(mask, x, y)] != 0 && (x + 2 * y) % 37 != 0; });
    }
    return mask;
  }
  Box2 box_within(const Mask& mask) {
    const auto x0 = below(mask.extent.width), y0 = below(mask.extent.height);
    const auto x1 = x0 + below(mask.extent.width - x0), y1 = y0 + below(mask.extent.height - y0);
    return {static_cast<double>(x0), static_cast<double>(y0), static_cast<double>(x1),
            static_cast<double>(y1)};
  }

 private:
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(n)));
  }
  static std::size_t at(const Mask& mask, std::int64_t x, std::int64_t y) {
    return static_cast<std::size_t>(y * mask.extent.width + x);
  }
  template <typename Inside>
  static void fill(Mask& mask, Inside inside) {
    for (std::int64_t y = 0; y < mask.extent.height; ++y)
      for (std::int64_t x = 0; x < mask.extent.width; ++x)
        mask.pixels[at(mask, x, y)] = static_cast<std::uint8_t>(inside(x, y));
  }
  void add_ellipse(Mask& mask) {
    const double x0 = random_.uniform() * static_cast<double>(mask.extent.width);
    const double y0 = random_.uniform() * static_cast<double>(mask.extent.height);
    const double rx = 1 + 30 * random_.uniform(), ry = 1 + 30 * random_.uniform();
    fill(mask, [&](auto x, auto y) {
      return mask.pixels[at(mask, x, y)] != 0 ||
             std::hypot((static_cast<double>(x) - x0) / rx, (static_cast<double>(y) - y0) / ry) < 1;
    });
  }
  void add_line(Mask& mask) {
    const double angle = 3.15 * random_.uniform(), offset = 64 * random_.uniform();
    const double width = 0.7 + 3 * random_.uniform();
    fill(mask, [&](auto x, auto y) {
      const double away = std::cos(angle) * static_cast<double>(x) + std::sin(angle) * static_cast<double>(y);
      return mask.pixels[at(mask, x, y)] != 0 || std::abs(away - offset) < width;
    });
  }

  Random random_{1986};
  int kind_ = 0;
};

TEST(ChamferDistance, IsOpenCVsInEveryBitForTenThousandMasks) {
  Masks masks;
  int differ = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Mask mask = masks.next();
    const Box2 box = i % 2 == 0 ? masks.box_within(mask)
                                : Box2{0, 0, static_cast<double>(mask.extent.width - 1),
                                       static_cast<double>(mask.extent.height - 1)};
    differ += chamfer_distance(mask, box) != opencvs(mask, box) ? 1 : 0;  // no zero is negative, none is NaN
  }
  EXPECT_EQ(differ, 0);
}

TEST(ChamferDistance, IsOpenCVsInEveryBitForRealObjects) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no folder of real images";
  int objects = 0, differ = 0;
  for (const auto& set : fs::directory_iterator(*shared / "data" / "images2d")) {
    for (const auto& file : fs::directory_iterator(set.path() / "masks")) {
      const LabelMap map = read_labels(file.path()).layers.at(0);
      Mask mask = empty_mask({map.geometry.extent.x, map.geometry.extent.y});
      for (const std::int32_t label :
           std::unordered_set<std::int32_t>(map.labels.begin(), map.labels.end())) {
        if (label == 0) continue;
        std::ranges::transform(map.labels, mask.pixels.begin(), [&](auto value) { return value == label; });
        const Box2 box = bounding_box(mask).value();
        ++objects;
        differ += chamfer_distance(mask, box) != opencvs(mask, box) ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(differ, 0);
  EXPECT_GT(objects, 100);
  RecordProperty("objects", objects);
}

}  // namespace
}  // namespace sonde
