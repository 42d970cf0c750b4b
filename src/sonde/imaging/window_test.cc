// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/window.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

Volume volume_of(std::vector<float> values) {
  Volume volume;
  volume.geometry.extent = {static_cast<std::int64_t>(values.size()), 1, 1};
  volume.voxels = std::move(values);
  return volume;
}
Picture picture_of(const Volume& volume) {
  return {{volume.geometry.extent.x, 1}, volume.photometric, volume.voxels, volume.rgb};
}

std::vector<int> greys(const Volume& volume, const WindowChoice& choice) {
  const Picture picture = picture_of(volume);
  const RgbImage image = apply_window(picture, resolve_window(choice, volume, picture));
  std::vector<int> values;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) values.push_back(image.pixels[i]);
  return values;
}

TEST(ParseWindow, KnowsThePresetsOfTheDesign) {
  EXPECT_EQ(parse_window("brain").window, (Window{40, 80}));
  EXPECT_EQ(parse_window("lung").window, (Window{-600, 1500}));
  EXPECT_EQ(parse_window("bone").window, (Window{400, 1800}));
  EXPECT_EQ(parse_window("soft-tissue").window, (Window{40, 400}));
  EXPECT_EQ(parse_window("liver").window, (Window{60, 160}));
  EXPECT_EQ(parse_window("-12.5,30").window, (Window{-12.5, 30}));
}

TEST(ParseWindow, RefusesWhatIsNoWindow) {
  for (const char* text :
       {"", "Brain", "40", "40,", ",80", "40,0", "40,-1", "nan,1", "1,inf", "40,80,1", "40, 80"}) {
    EXPECT_THROW(parse_window(text), Error) << text;
  }
}

TEST(ApplyWindow, FollowsTheFormulaOfTheDesign) {
  EXPECT_EQ(greys(volume_of({-1000, 0, 20, 40, 79, 80, 3000}), parse_window("brain")),
            (std::vector<int>{0, 0, 64, 128, 252, 255, 255}));
}

TEST(ApplyWindow, InvertsMonochrome1AfterTheWindow) {
  Volume volume = volume_of({0, 40, 80});
  volume.photometric = Photometric::grey_inverted;
  EXPECT_EQ(greys(volume, parse_window("brain")), (std::vector<int>{255, 127, 0}));
}

TEST(ApplyWindow, NoneKeepsValuesAndRefusesThoseOutside) {
  EXPECT_EQ(greys(volume_of({0, 7, 255}), parse_window("none")), (std::vector<int>{0, 7, 255}));
  EXPECT_THROW(greys(volume_of({0, 256}), parse_window("none")), Error);
  EXPECT_THROW(greys(volume_of({-1, 0}), parse_window("none")), Error);
}

TEST(ApplyWindow, MaxRunsFromZeroToTheMaximumOfThePicture) {
  EXPECT_EQ(greys(volume_of({-5, 0, 50, 100}), parse_window("max")), (std::vector<int>{0, 0, 128, 255}));
  EXPECT_EQ(greys(volume_of({-5, -1}), parse_window("max")), (std::vector<int>{0, 0}));
}

TEST(ResolveWindow, AutomaticRunsBetweenThePercentilesOfTheFiniteValues) {
  std::vector<float> values;
  for (int i = 0; i <= 1000; ++i) values.push_back(static_cast<float>(i));
  values.push_back(std::numeric_limits<float>::quiet_NaN());
  values.push_back(std::numeric_limits<float>::infinity());
  const Volume volume = volume_of(values);
  const UsedWindow used = resolve_window(parse_window("auto"), volume, picture_of(volume));
  EXPECT_NEAR(used.window->centre, 500, 1e-9);
  EXPECT_NEAR(used.window->width, 990, 1e-9);
  EXPECT_EQ(used.name, "auto");
}

TEST(ResolveWindow, AutomaticStretchesARareSignal) {
  std::vector<float> values(10000, 0);
  values[3] = 10;
  EXPECT_EQ(greys(volume_of(values), parse_window("auto"))[3], 255);
}

TEST(ResolveWindow, AFlatPictureIsMidGrey) {
  EXPECT_EQ(greys(volume_of({7, 7, 7}), parse_window("auto")), (std::vector<int>{128, 128, 128}));
}

TEST(ResolveWindow, NotANumberIsShownAsZero) {
  EXPECT_EQ(greys(volume_of({std::numeric_limits<float>::quiet_NaN(), 80}), parse_window("brain")),
            (std::vector<int>{0, 255}));
}

TEST(ResolveWindow, ByDefaultTheFilesOwnThenNoneForEightBitsThenAutomatic) {
  Volume volume = volume_of({0, 100});
  EXPECT_EQ(resolve_window({}, volume, picture_of(volume)).name, "auto");
  volume.eight_bit = true;
  EXPECT_EQ(resolve_window({}, volume, picture_of(volume)).name, "none");
  volume.file_window = Window{50, 100};
  EXPECT_EQ(describe(resolve_window({}, volume, picture_of(volume))), "dicom (50, 100)");
  volume.photometric = Photometric::rgb;
  EXPECT_EQ(describe(resolve_window(parse_window("brain"), volume, picture_of(volume))), "colour");
}

}  // namespace
}  // namespace sonde
