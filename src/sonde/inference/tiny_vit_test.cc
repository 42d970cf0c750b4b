// SPDX-License-Identifier: Apache-2.0
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "sonde/inference/encoder.h"
#include "sonde/inference/pictures_testing.h"
#include "sonde/weights/small_sizes_testing.h"

namespace sonde {
namespace {

using kernels::Storage;

struct Extent {
  std::int64_t width, height;
};

class TinyVitEncoding : public testing::Test {
 protected:
  std::unique_ptr<Encoder> encoder(Storage storage) const {
    return make_encoder(std::get<TinyVitTensors>(tensors_.image_encoder), storage);
  }

  SamTensors tensors_ = random_sam_tensors(tiny_vit_sizes_with_windows(), 1);
};

TEST_F(TinyVitEncoding, GivesTheSameBytesForAnyNumberOfThreads) {
  for (const Storage storage : {Storage::fp32, Storage::bf16}) {
    const auto tiny_vit = encoder(storage);
    const auto bytes = random_pixels(160, 120, 2);
    const auto alone = tiny_vit->encode({bytes.data(), 160, 120}, 1);
    for (const int threads : {2, 3, 7}) EXPECT_EQ(alone, tiny_vit->encode({bytes.data(), 160, 120}, threads));
  }
}

// The second picture of an extent is computed in part only, with bands kept from the first.
TEST_F(TinyVitEncoding, GivesTheSameBytesWhetherOrNotPaddingIsComputed) {
  for (const Storage storage : {Storage::fp32, Storage::bf16}) {
    const auto seasoned = encoder(storage);
    for (std::int64_t side = 1; side <= 160; side += 3) {
      for (const Extent extent : {Extent{160, side}, Extent{side, 160}}) {
        const auto first = random_pixels(extent.width, extent.height, 3),
                   second = random_pixels(extent.width, extent.height, 4);
        seasoned->encode({first.data(), extent.width, extent.height}, 1);
        const FramePixels pixels{second.data(), extent.width, extent.height};
        ASSERT_EQ(seasoned->encode(pixels, 1), encoder(storage)->encode(pixels, 1))
            << extent.width << " x " << extent.height;
      }
    }
  }
}

// Pairs of bf16 would span two positions or two heads.
TEST(TinyVitOfOddChannels, ComputesInFp32) {
  SamSizes sizes = tiny_vit_sizes_with_windows();
  auto& tiny_vit = std::get<TinyVitSizes>(sizes.image_encoder);
  tiny_vit.embed_dims = {6, 9, 15, 21};
  tiny_vit.num_heads = {1, 3, 5, 3};
  tiny_vit.out_chans = 7;
  const auto tensors = std::get<TinyVitTensors>(random_sam_tensors(sizes, 1).image_encoder);
  const auto bytes = random_pixels(160, 90, 1);
  const FramePixels pixels{bytes.data(), 160, 90};
  EXPECT_EQ(make_encoder(tensors, Storage::bf16)->encode(pixels, 1),
            make_encoder(tensors, Storage::fp32)->encode(pixels, 1));
}

TEST_F(TinyVitEncoding, EncodesSeveralPicturesAtOnce) {
  const auto tiny_vit = encoder(Storage::fp32);
  const auto bytes = random_pixels(160, 100, 5);
  const FramePixels pixels{bytes.data(), 160, 100};
  const auto expected = encoder(Storage::fp32)->encode(pixels, 1);
  std::vector<std::vector<float>> answers(8);
  std::vector<std::thread> threads;
  for (auto& answer : answers) threads.emplace_back([&] { answer = tiny_vit->encode(pixels, 2); });
  for (auto& thread : threads) thread.join();
  for (const auto& answer : answers) EXPECT_EQ(answer, expected);
}

}  // namespace
}  // namespace sonde
