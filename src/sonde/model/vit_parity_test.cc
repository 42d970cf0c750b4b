// SPDX-License-Identifier: Apache-2.0
// The plain ViT out of kernels is the network that model/image_encoder.h defines.
#include <gtest/gtest.h>

#include "sonde/core/data_testing.h"
#include "sonde/inference/encoder.h"
#include "sonde/kernels/cpu.h"
#include "sonde/model/encoder_parity_testing.h"
#include "sonde/weights/checkpoint.h"

namespace sonde {
namespace {

using kernels::InstructionSet;
using kernels::Storage;

SamSizes sizes_of(const VitSizes& vit) {
  SamSizes sizes = small_vit_sizes();
  sizes.image_encoder = vit;
  return sizes;
}

constexpr std::int64_t kSide = 176;
VitSizes small_vit() { return std::get<VitSizes>(vit_sizes_with_windows().image_encoder); }

class Parity {
 public:
  explicit Parity(const VitSizes& sizes) : sam_(sam_without_trivial_weights(sizes_of(sizes))) {}
  std::unique_ptr<Encoder> encoder(Storage storage) const {
    return make_encoder(std::get<VitTensors>(tensors_.image_encoder), storage);
  }
  double difference(Storage storage, const FramePixels& pixels) const {
    return relative_difference(encoder(storage)->encode(pixels, 1), torch_embedding(sam_, pixels));
  }

 private:
  Sam sam_;
  SamTensors tensors_ = tensors_of(sam_);
};

struct Extent {
  std::int64_t width, height;
};

TEST(VitParity, AgreesWithItsModulesOnEveryInstructionSet) {
  const Parity parity(small_vit());
  const InstructionSet before = kernels::instruction_set();
  for (const InstructionSet set : kernels::available_instruction_sets()) {
    kernels::use_instruction_set(set);
    for (const auto [width, height] : {Extent{kSide, kSide}, {kSide, 91}, {kSide, 1}, {60, kSide}}) {
      const auto bytes = random_pixels(width, height, 1);
      const FramePixels pixels{bytes.data(), width, height};
      EXPECT_LT(parity.difference(Storage::fp32, pixels), 1e-5) << width << " x " << height;
      EXPECT_LT(parity.difference(Storage::bf16, pixels), 2e-2) << width << " x " << height;
    }
  }
  kernels::use_instruction_set(before);
}

TEST(VitParity, AgreesForWindowsOfAnySize) {
  for (const std::int64_t window : {1, 3, 7, 11, 14}) {
    VitSizes sizes = small_vit();
    sizes.window_size = window;
    const auto bytes = random_pixels(kSide, 100, 2);
    EXPECT_LT(Parity(sizes).difference(Storage::fp32, {bytes.data(), kSide, 100}), 1e-5) << window;
    EXPECT_LT(Parity(sizes).difference(Storage::bf16, {bytes.data(), kSide, 100}), 2e-2) << window;
  }
}

TEST(VitParity, AgreesWhereNothingIsAMultipleOfAVector) {
  VitSizes sizes = small_vit();
  sizes.image_size = 111;  // no multiple of the patch: the rest is not looked at
  sizes.patch_size = 5;
  sizes.embed_dim = 21;  // heads of 7 channels
  sizes.mlp_dim = 35;
  const auto bytes = random_pixels(111, 111, 3);
  EXPECT_LT(Parity(sizes).difference(Storage::fp32, {bytes.data(), 111, 111}), 1e-5);
  EXPECT_LT(Parity(sizes).difference(Storage::bf16, {bytes.data(), 111, 111}), 2e-2);
}

TEST(VitParity, AgreesForHeadsAsWideAsPublished) {
  for (const std::int64_t per_head : {64, 80}) {
    VitSizes sizes = small_vit();
    sizes.image_size = 16 * 24;  // more keys than a block of them
    sizes.embed_dim = 2 * per_head;
    sizes.num_heads = 2;
    sizes.window_size = 14;
    const auto bytes = random_pixels(384, 300, 4);
    EXPECT_LT(Parity(sizes).difference(Storage::fp32, {bytes.data(), 384, 300}), 1e-5);
    EXPECT_LT(Parity(sizes).difference(Storage::bf16, {bytes.data(), 384, 300}), 2e-2);
  }
}

TEST(VitParity, AgreesWithTheModulesOnThePublishedCodesWeights) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared folder";
  const auto file = *shared / "golden" / "vit_small.pth";
  const auto checkpoint = load_checkpoint(file);
  const auto sam = build_sam(checkpoint.tensors, file.string(), torch::kCPU);
  const SamTensors tensors = tensors_of(sam);
  const auto& sizes = std::get<VitSizes>(sam->sizes.image_encoder);
  const auto bytes = random_pixels(sizes.image_size, 700, 5);
  const FramePixels pixels{bytes.data(), sizes.image_size, 700};
  const auto expected = torch_embedding(sam, pixels);
  const auto encode = [&](Storage storage) {
    return make_encoder(std::get<VitTensors>(tensors.image_encoder), storage)->encode(pixels, 2);
  };
  EXPECT_LT(relative_difference(encode(Storage::fp32), expected), 1e-5);
  EXPECT_LT(relative_difference(encode(Storage::bf16), expected), 2e-2);
}

}  // namespace
}  // namespace sonde
