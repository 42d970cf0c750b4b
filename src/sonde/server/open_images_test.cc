// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/open_images.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

using testing::ElementsAre;

Volume ramp(Extent3 extent, std::optional<Affine3> affine = {}) {
  Volume volume;
  volume.geometry = {extent, affine};
  for (std::int64_t i = 0; i < voxel_count(extent); ++i) volume.voxels.push_back(static_cast<float>(i - 100));
  return volume;
}
const Affine3 kAnisotropic{{Vec3{-0.5, 0, 0}, Vec3{0, 0.7, 0}, Vec3{0, 0, 3}}, {}};

TEST(OpenImage, ResolvesWindowsAsTheCommandsDo) {
  const Volume volume = ramp({20, 30, 4}, kAnisotropic);
  const OpenImage image{Volume(volume)};
  const PlaneRef plane = image.default_plane();
  EXPECT_EQ(plane, (PlaneRef{Axis::axial, 2}));
  EXPECT_EQ(image.default_window().name, "auto");
  EXPECT_THAT(image.range(), ElementsAre(-100, 2299));
  for (const char* window : {"auto", "max", "brain", "300,500"}) {
    const Picture slice = extract_slice(volume, slice_plane(volume.geometry, Axis::axial), 2);
    const RgbImage expected = apply_window(slice, resolve_window(parse_window(window), volume, slice));
    EXPECT_EQ(image.seen_by_network(plane, window).pixels, expected.pixels) << window;
  }
  EXPECT_THROW(image.seen_by_network(plane, "none"), Error);  // beyond 0..255
  EXPECT_THROW(image.seen_by_network(plane, "sharp"), Error);
}

std::shared_ptr<const OpenImage> tiny() { return std::make_shared<const OpenImage>(ramp({10, 10, 1})); }

TEST(OpenImages, KeepThoseThatWereUsedLast) {
  std::vector<ImageId> read;
  OpenImages images(
      [&](ImageId id) {
        read.push_back(id);
        return tiny();
      },
      2 * tiny()->bytes());
  for (const ImageId id : {1, 2, 1, 3, 1, 2}) images.open(id);
  EXPECT_THAT(read, ElementsAre(1, 2, 3, 2));
}

TEST(OpenImages, KeepTheLastOneEvenWhereItIsLargerThanTheLimit) {
  int reads = 0;
  OpenImages images(
      [&](ImageId) {
        ++reads;
        return tiny();
      },
      1);
  images.open(1);
  images.open(1);
  EXPECT_EQ(reads, 1);
}

TEST(OpenImages, ReadAnImageOnceForAllWhoWait) {
  std::atomic<int> reads = 0;
  OpenImages images(
      [&](ImageId) {
        ++reads;
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        return tiny();
      },
      1u << 20);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_NE(images.open(7), nullptr); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(reads, 1);
}

TEST(OpenImages, TryAgainWhatCouldNotBeRead) {
  int reads = 0;
  OpenImages images(
      [&](ImageId) {
        if (++reads == 1) throw Error(ErrorKind::unavailable, "not yet");
        return tiny();
      },
      1u << 20);
  EXPECT_THROW(images.open(1), Error);
  EXPECT_NE(images.open(1), nullptr);
}

}  // namespace
}  // namespace sonde
