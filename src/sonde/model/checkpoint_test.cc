// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/test_data.h"

namespace sonde {
namespace {

TEST(Checkpoint, ReadsAPublishedCheckpointAsPyTorchWroteIt) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared folder";
  const auto checkpoint = load_checkpoint(*shared / "golden" / "vit_small.pth");
  EXPECT_EQ(checkpoint.tensors.size(), 202U);
  EXPECT_EQ(checkpoint.tensors.at("image_encoder.pos_embed").sizes(), torch::IntArrayRef({1, 64, 64, 96}));
  EXPECT_EQ(checkpoint.sha256.size(), 64U);
  EXPECT_TRUE(std::isfinite(checkpoint.tensors.at("mask_decoder.iou_token.weight").sum().item<float>()));
}

}  // namespace
}  // namespace sonde
