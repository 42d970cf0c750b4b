// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "sonde/inference/encoder.h"
#include "sonde/inference/pictures_testing.h"
#include "sonde/weights/small_sizes_testing.h"

namespace sonde {
namespace {

using kernels::Storage;

constexpr std::int64_t kSide = 176;

class VitEncoding : public testing::Test {
 protected:
  std::unique_ptr<Encoder> encoder(Storage storage) const {
    return make_encoder(std::get<VitTensors>(tensors_.image_encoder), storage);
  }

  SamTensors tensors_ = random_sam_tensors(vit_sizes_with_windows(), 1);
};

TEST_F(VitEncoding, GivesTheSameBytesForAnyNumberOfThreads) {
  for (const Storage storage : {Storage::fp32, Storage::bf16}) {
    const auto vit = encoder(storage);
    const auto bytes = random_pixels(kSide, 120, 6);
    const auto alone = vit->encode({bytes.data(), kSide, 120}, 1);
    for (const int threads : {2, 3, 7}) EXPECT_EQ(alone, vit->encode({bytes.data(), kSide, 120}, threads));
  }
}

TEST_F(VitEncoding, TakesWhatIsBeyondThePictureForZero) {
  const auto vit = encoder(Storage::fp32);
  auto bytes = random_pixels(kSide, kSide, 8);
  const auto expected = vit->encode({bytes.data(), kSide, 40}, 1);
  std::fill(bytes.begin() + kSide * 40 * 3, bytes.end(), std::uint8_t{255});
  EXPECT_EQ(vit->encode({bytes.data(), kSide, 40}, 1), expected);
  EXPECT_NE(vit->encode({bytes.data(), kSide, 41}, 1), expected);
}

TEST_F(VitEncoding, EncodesSeveralPicturesAtOnce) {
  const auto vit = encoder(Storage::bf16);
  const auto bytes = random_pixels(kSide, 100, 7);
  const FramePixels pixels{bytes.data(), kSide, 100};
  const auto expected = vit->encode(pixels, 1);
  std::vector<std::vector<float>> answers(4);
  std::vector<std::thread> threads;
  for (auto& answer : answers) threads.emplace_back([&] { answer = vit->encode(pixels, 2); });
  for (auto& thread : threads) thread.join();
  for (const auto& answer : answers) EXPECT_EQ(answer, expected);
}

}  // namespace
}  // namespace sonde
