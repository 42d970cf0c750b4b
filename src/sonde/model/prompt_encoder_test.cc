// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/prompt_encoder.h"

#include <cmath>

#include <gtest/gtest.h>

#include "sonde/model/small_networks_testing.h"

namespace sonde {
namespace {

class PromptEncoderTest : public testing::Test {
 protected:
  torch::NoGradGuard no_grad;
  Sam sam = small_sam(small_vit_sizes());
  PromptEncoder& encoder = sam->prompt_encoder;

  // The formula for one point, 0.5 added: sin and cos of 2 pi (2 p / side - 1) G.
  torch::Tensor position(double x, double y) {
    const auto frame = torch::tensor({2 * (x + 0.5) / 64 - 1, 2 * (y + 0.5) / 64 - 1}).to(torch::kFloat);
    const auto phase = at::matmul(frame, encoder->pe_layer->positional_encoding_gaussian_matrix) * 2 * M_PI;
    return at::cat({phase.sin(), phase.cos()});
  }
  torch::Tensor kind(std::size_t index) { return encoder->point_embeddings->items[index]->weight[0]; }
};

TEST_F(PromptEncoderTest, AppendsAPaddingPointWherePointsComeWithoutABox) {
  const auto out = encoder->forward({.point_coords = torch::tensor({{{10.F, 20.F}, {30.F, 5.F}}}),
                                     .point_labels = torch::tensor({{1.F, 0.F}})});
  ASSERT_EQ(out.sparse.sizes(), (std::vector<std::int64_t>{1, 3, 32}));
  EXPECT_LT(largest_difference(out.sparse[0][0], position(10, 20) + kind(1)), 1e-5);
  EXPECT_LT(largest_difference(out.sparse[0][1], position(30, 5) + kind(0)), 1e-5);
  EXPECT_TRUE(out.sparse[0][2].equal(encoder->not_a_point_embed->weight[0]));
}

TEST_F(PromptEncoderTest, TreatsAGivenPointOfLabelMinusOneAsPaddingWhateverItsPlace) {
  const auto out = encoder->forward({.point_coords = torch::tensor({{{10.F, 20.F}, {30.F, 5.F}}}),
                                     .point_labels = torch::tensor({{1.F, -1.F}})});
  EXPECT_TRUE(out.sparse[0][1].equal(encoder->not_a_point_embed->weight[0]));
}

TEST_F(PromptEncoderTest, PutsTheCornersOfTheBoxAfterThePoints) {
  const auto out = encoder->forward({.point_coords = torch::tensor({{{10.F, 20.F}}}),
                                     .point_labels = torch::tensor({{1.F}}),
                                     .boxes = torch::tensor({{1.F, 2.F, 40.F, 50.F}})});
  ASSERT_EQ(out.sparse.sizes(), (std::vector<std::int64_t>{1, 3, 32}));
  EXPECT_LT(largest_difference(out.sparse[0][1], position(1, 2) + kind(2)), 1e-5);
  EXPECT_LT(largest_difference(out.sparse[0][2], position(40, 50) + kind(3)), 1e-5);
}

TEST_F(PromptEncoderTest, PutsTheClassLastAndAddsNoPaddingPointToItAlone) {
  auto sizes = small_vit_sizes();
  sizes.class_count = 3;
  Sam with_classes = small_sam(sizes);
  const auto& learned = with_classes->prompt_encoder->class_embeddings->weight;
  const auto alone = with_classes->prompt_encoder->forward({.classes = torch::tensor({2L, 0L})});
  ASSERT_EQ(alone.sparse.sizes(), (std::vector<std::int64_t>{2, 1, 32}));
  EXPECT_TRUE(alone.sparse[0][0].equal(learned[2]));
  EXPECT_TRUE(alone.sparse[1][0].equal(learned[0]));
  const auto last = with_classes->prompt_encoder->forward({.point_coords = torch::tensor({{{10.F, 20.F}}}),
                                                           .point_labels = torch::tensor({{1.F}}),
                                                           .classes = torch::tensor({1L})});
  ASSERT_EQ(last.sparse.sizes(), (std::vector<std::int64_t>{1, 3, 32}));
  EXPECT_TRUE(last.sparse[0][2].equal(learned[1]));
}

TEST_F(PromptEncoderTest, GivesNoTokensForAMaskAloneAndAQuarterOfItsSide) {
  const auto out = encoder->forward({.masks = random_tensor({2, 1, 16, 16}, 1)});
  EXPECT_EQ(out.sparse.sizes(), (std::vector<std::int64_t>{2, 0, 32}));
  EXPECT_EQ(out.dense.sizes(), (std::vector<std::int64_t>{2, 32, 4, 4}));
}

TEST_F(PromptEncoderTest, SharesOneVectorBetweenAllPositionsWithoutAMask) {
  const auto out = encoder->forward({.boxes = torch::tensor({{1.F, 2.F, 40.F, 50.F}})});
  EXPECT_TRUE(out.dense.equal(encoder->no_mask_embed->weight.view({1, 32, 1, 1})));
}

TEST_F(PromptEncoderTest, EncodesTheImagesPositionsAsPointsAtTheirCentres) {
  const auto dense = encoder->get_dense_pe(4);  // [1,32,4,4], elements of 16 x 16 pixels
  ASSERT_EQ(dense.sizes(), (std::vector<std::int64_t>{1, 32, 4, 4}));
  EXPECT_LT(largest_difference(dense[0].select(1, 2).select(1, 1), position(16 * 1.5 - 0.5, 16 * 2.5 - 0.5)),
            1e-4);
}

}  // namespace
}  // namespace sonde
