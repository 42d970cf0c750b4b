// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/sam_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/threads.h"
#include "sonde/kernels/cpu.h"
#include "sonde/predict/model_testing.h"
#include "sonde/predict/predictor.h"
#include "sonde/predict/sam_model_impl.h"

namespace sonde {
namespace {

using testing::HasSubstr;

template <typename Work>
Error error_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  return {ErrorKind::internal, "nothing was thrown"};
}

TEST(ParsePrecision, KnowsThreeNames) {
  EXPECT_EQ(parse_precision("auto"), Precision::automatic);
  EXPECT_EQ(parse_precision("fp32"), Precision::fp32);
  EXPECT_EQ(parse_precision("bf16"), Precision::bf16);
  EXPECT_THAT(error_of([] { parse_precision("fp16"); }).what(), HasSubstr("auto, fp32 or bf16"));
}

TEST(LoadModel, TellsWhatItLoaded) {
  const SamModel model = tiny_model();
  EXPECT_EQ(model.architecture(), "vit");
  EXPECT_EQ(model.image_size(), 1024);
  EXPECT_EQ(model.precision(), Precision::fp32);
  EXPECT_EQ(model.sha256().size(), 64U);
}

TEST(LoadModel, RefusesAnUnknownDeviceBeforeItLooksForTheModel) {
  for (const char* device : {"gpu", "", "cuda:", "cuda:-1", "cuda:x", "cuda:0 "}) {
    const Error error = error_of([&] { SamModel::load("nowhere.pth", {.device = device}); });
    EXPECT_EQ(error.kind(), ErrorKind::usage) << device;
    EXPECT_THAT(error.what(), HasSubstr("cpu, cuda or cuda:N"));
  }
}

TEST(LoadModel, SaysWhenACudaDeviceIsNotThere) {
  const Error error = error_of([] { SamModel::load("nowhere.pth", {.device = "cuda:77"}); });
  EXPECT_EQ(error.kind(), ErrorKind::unavailable);
  EXPECT_THAT(error.what(), HasSubstr("device cuda:77"));
}

TEST(LoadModel, RefusesANegativeNumberOfThreads) {
  EXPECT_EQ(error_of([] { SamModel::load("nowhere.pth", {.threads = -1}); }).kind(), ErrorKind::usage);
}

TEST(LoadModel, TakesTheMachinesCoresUnlessToldHowManyThreads) {
  EXPECT_EQ(tiny_model(1, {.threads = 3}).impl().threads, 3);
  EXPECT_EQ(tiny_model(1).impl().threads, physical_core_count());
}

TEST(LoadModel, ComputesInBf16OnlyWhereItIsFastUnlessAskedTo) {
  const bool is_fast = kernels::instruction_set() == kernels::InstructionSet::avx512_bf16;
  EXPECT_EQ(tiny_model(1, {}).precision(), is_fast ? Precision::bf16 : Precision::fp32);
}

TEST(LoadModel, RefusesAModelOfAnotherFrame) {
  const TestFolder folder;
  const auto path = folder.path() / "small.safetensors";
  SamSizes sizes = tiny_sam_sizes();
  std::get<VitSizes>(sizes.image_encoder).image_size = 256;
  save_random_sam(sizes, 1, path);
  const Error error = error_of([&] { SamModel::load(path.string()); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.what(), HasSubstr("small.safetensors"));
}

TEST(LoadModel, RefusesAModelOfAnotherNumberOfMasks) {
  const TestFolder folder;
  const auto path = folder.path() / "two.safetensors";
  SamSizes sizes = tiny_sam_sizes();
  sizes.num_mask_tokens = 2;
  save_random_sam(sizes, 1, path);
  EXPECT_EQ(error_of([&] { SamModel::load(path.string()); }).kind(), ErrorKind::unsupported);
}

TEST(LoadModel, ComputesInBf16WhenAskedTo) {
  const SamModel model = tiny_model(1, {.precision = Precision::bf16});
  EXPECT_EQ(model.precision(), Precision::bf16);
  const RgbImage picture = test_picture({40, 30});
  const Prompt prompt{.points = {{{20, 15}}}, .box = {}, .mask = {}};
  const auto exact = Predictor(tiny_model(), embed(tiny_model(), picture)).segment(prompt, MaskSet::single);
  const auto rounded = Predictor(model, embed(model, picture)).segment(prompt, MaskSet::single);
  EXPECT_NEAR(rounded[0].predicted_iou, exact[0].predicted_iou, 0.05);
}

}  // namespace
}  // namespace sonde
