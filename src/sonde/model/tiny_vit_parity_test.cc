// SPDX-License-Identifier: Apache-2.0
// TinyViT out of kernels is the network that model/tiny_vit.h defines.
#include <gtest/gtest.h>

#include "sonde/inference/encoder.h"
#include "sonde/kernels/cpu.h"
#include "sonde/model/encoder_parity_testing.h"

namespace sonde {
namespace {

using kernels::InstructionSet;
using kernels::Storage;

class TinyVitParity : public testing::Test {
 protected:
  std::unique_ptr<Encoder> encoder(Storage storage) const {
    return make_encoder(std::get<TinyVitTensors>(tensors_.image_encoder), storage);
  }

  Sam sam_ = sam_without_trivial_weights(tiny_vit_sizes_with_windows());
  SamTensors tensors_ = tensors_of(sam_);
};

struct Extent {
  std::int64_t width, height;
};
constexpr Extent kExtents[] = {{160, 160}, {160, 91}, {160, 8}, {60, 160}, {159, 160}};

TEST_F(TinyVitParity, AgreesWithItsModulesOnEveryInstructionSet) {
  const InstructionSet before = kernels::instruction_set();
  for (const InstructionSet set : kernels::available_instruction_sets()) {
    kernels::use_instruction_set(set);
    for (const auto [width, height] : kExtents) {
      const auto bytes = random_pixels(width, height, 1);
      const FramePixels pixels{bytes.data(), width, height};
      const auto expected = torch_embedding(sam_, pixels);
      EXPECT_LT(relative_difference(encoder(Storage::fp32)->encode(pixels, 1), expected), 1e-5)
          << width << " x " << height;
      EXPECT_LT(relative_difference(encoder(Storage::bf16)->encode(pixels, 1), expected), 3e-2)
          << width << " x " << height;
    }
  }
  kernels::use_instruction_set(before);
}

}  // namespace
}  // namespace sonde
