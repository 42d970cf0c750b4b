// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "sonde/core/data_testing.h"
#include "sonde/predict/golden_testing.h"
#include "sonde/predict/preprocess.h"

namespace sonde {
namespace {

TEST(ResizeBilinear, EqualsPillowInEveryPixel) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared folder";
  for (const char* file : {"mobile_sam_cases.pt", "vit_small_cases.pt"}) {
    for (const GoldenImage& golden : read_golden_cases(*shared / "golden" / file)) {
      const RgbImage image = to_picture(golden.image);
      const RgbImage expected = to_picture(golden.resized);
      const RgbImage resized = resize_bilinear(image, resized_extent(image.extent, 1024));
      ASSERT_EQ(resized.extent, expected.extent) << golden.name;
      EXPECT_TRUE(resized.pixels == expected.pixels) << golden.name;
    }
  }
}

}  // namespace
}  // namespace sonde
