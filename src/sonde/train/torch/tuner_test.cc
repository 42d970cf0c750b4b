// SPDX-License-Identifier: Apache-2.0
// The library libsonde-train.so, loaded as the program loads it.
#include "sonde/train/tuner.h"

#include <cmath>
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/inference/cpu_network.h"
#include "sonde/train/torch/tuner_testing.h"

namespace sonde {
namespace {

using testing::HasSubstr;

std::vector<std::byte> bytes_of(const NamedTensors& tensors) {
  std::vector<std::byte> bytes;
  for (const auto& [name, tensor] : tensors) {
    for (const char c : name) bytes.push_back(static_cast<std::byte>(c));
    bytes.insert(bytes.end(), tensor.bytes.begin(), tensor.bytes.end());
  }
  return bytes;
}

std::string refusal(ErrorKind kind, const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

// The largest difference between an example's answers and the CPU network's.
double difference(const ExampleResult& result, const std::vector<DecodedMask>& masks) {
  double worst = 0;
  for (std::size_t k = 0; k < masks.size(); ++k) {
    worst = std::max<double>(worst, std::abs(result.predicted_iou.at(k) - masks[k].predicted_iou));
    for (std::size_t i = 0; i < masks[k].logits.size(); ++i)
      worst = std::max<double>(worst, std::abs(result.logits.at(k)[i] - masks[k].logits[i]));
  }
  return worst;
}

class TunedParts : public testing::TestWithParam<TunedPart> {};
INSTANTIATE_TEST_SUITE_P(All, TunedParts,
                         testing::Values(TunedPart::lora, TunedPart::decoder, TunedPart::quality,
                                         TunedPart::encoder_lora, TunedPart::adapter, TunedPart::full));

// What is exported, in the kernels that use it, answers as the network that is trained does.
TEST_P(TunedParts, AreExportedAsTheNetworkThatAnswered) {
  const NamedTensors parent = random_tensors(small_vit_sizes(), 1);
  const auto tuner = small_tuner(parent, {.part = GetParam()});
  const auto mask = small_mask();
  const auto batch = small_batch(mask);
  for (int i = 0; i < 3; ++i) {
    const NamedTensors tensors = tuner->network();
    const auto network =
        make_cpu_network(fit_tensors(tensors, sizes_from_tensors(tensors, "exported"), "exported"), {});
    const auto parent_network = make_cpu_network(fit_tensors(parent, small_vit_sizes(), "parent"), {});
    const StepResult result = tuner->step(batch, {.learning_rate = 3e-3});
    ASSERT_TRUE(result.applied);
    for (std::size_t k = 0; k < batch.size(); ++k) {
      const TrainingPicture& picture = *batch[k].picture;
      const auto answer = [&](const Network& of) {
        const auto embedding = keeps_encoder(GetParam())
                                   ? std::vector(picture.embedding.begin(), picture.embedding.end())
                                   : of.encode(picture.pixels);
        return of.decode(*of.prepare(embedding), std::span(&batch[k].prompt, 1), MaskSet::all)[0];
      };
      EXPECT_LT(difference(result.examples[k], answer(*network)), 1e-4) << k;
      const double from_parent = difference(result.examples[k], answer(*parent_network));
      if (i == 0) {
        EXPECT_LT(from_parent, 1e-4) << "it starts as the parent";
      } else if (i == 2) {
        EXPECT_GT(from_parent, 1e-3);
      }
    }
  }
  EXPECT_GT(tuner->parameter_count(), 0);
}

TEST_P(TunedParts, GoOnFromTheirStateToTheSameBytes) {
  const NamedTensors parent = random_tensors(small_vit_sizes(), 1);
  const TunerOptions options{.part = GetParam()};
  const auto mask = small_mask();
  const auto batch = small_batch(mask);
  const auto first = small_tuner(parent, options), second = small_tuner(parent, options);
  for (int i = 0; i < 2; ++i) first->step(batch, {.learning_rate = 1e-3});
  second->restore(first->state(), "state");
  for (const auto* tuner : {&first, &second}) (*tuner)->step(batch, {.learning_rate = 1e-3});
  EXPECT_EQ(bytes_of(first->state()), bytes_of(second->state()));
  EXPECT_EQ(bytes_of(first->network()), bytes_of(second->network()));
}

TEST(Tuner, LearnsAnObject) {
  for (const auto part : {TunedPart::lora, TunedPart::decoder}) {
    const auto tuner = small_tuner(random_tensors(small_vit_sizes(), 1), {.part = part});
    const std::vector batch(1, small_example(small_picture(1)));
    const auto first = tuner->step(batch, {.learning_rate = 1e-2});
    StepResult last;
    for (int i = 0; i < 100; ++i) last = tuner->step(batch, {.learning_rate = 1e-2});
    EXPECT_LT(last.mask_loss, 0.5 * first.mask_loss);
    EXPECT_GT(last.examples[0].iou[0], 0.8);
  }
}

// Best of three teaches one candidate; where a box says which object is meant, the others get a share.
TEST(Tuner, TeachesTheOtherCandidatesWhereABoxSaysWhichObjectIsMeant) {
  std::array<float, 2> worst{};
  for (const double share : {0.0, 0.1}) {
    const auto tuner = small_tuner(random_tensors(small_vit_sizes(), 1),
                                   {.part = TunedPart::decoder, .candidate_share = share});
    std::vector batch(1, small_example(small_picture(1)));
    batch[0].prompt.points.clear();
    batch[0].prompt.box = {20, 12, 40, 32};
    StepResult last;
    for (int i = 0; i < 100; ++i) last = tuner->step(batch, {.learning_rate = 1e-2});
    worst.at(share > 0 ? 1 : 0) = *std::min_element(last.examples[0].iou.begin(), last.examples[0].iou.end());
  }
  EXPECT_LT(worst[0], 0.6);
  EXPECT_GT(worst[1], 0.8);
}

TEST(Tuner, LearnsWhatAClassNameMeansAndWhenItIsNotThere) {
  const auto tuner = small_tuner(random_tensors(small_vit_sizes(), 1),
                                 {.part = TunedPart::decoder, .class_names = {"left", "right"}});
  std::vector<TrainingExample> batch;
  for (const int x : {2, 10}) batch.push_back(small_example(small_picture(1), x));
  batch.push_back(small_example(small_picture(2), 10));
  for (std::size_t i = 0; i < 3; ++i) {
    batch[i].prompt = {};
    batch[i].class_index = i == 1 ? 1 : 0;
  }
  batch[2].present = false;
  batch[2].target.assign(batch[2].target.size(), 0);
  StepResult last;
  for (int i = 0; i < 200; ++i) last = tuner->step(batch, {.learning_rate = 3e-3});
  EXPECT_GT(last.examples[0].iou[0], 0.8);
  EXPECT_GT(last.examples[1].iou[0], 0.8);
  EXPECT_GT(last.examples[0].object_score.value(), 0);
  EXPECT_LT(last.examples[2].object_score.value(), 0);
  // Its tensors are a parent's to go on from.
  const auto child = small_tuner(tuner->network(), {.class_names = {"left", "right"}});
  const auto logits = child->step(batch, {}).examples[0].logits[0];
  EXPECT_EQ(logits, tuner->step(batch, {}).examples[0].logits[0]);
  EXPECT_THAT(refusal(ErrorKind::usage, [&] { small_tuner(tuner->network(), {.class_names = {"left"}}); }),
              HasSubstr("small: has 2 classes, not 1"));
}

TEST(Tuner, ExportsClassesAsTheNetworkThatAnswered) {
  const auto tuner = small_tuner(random_tensors(small_vit_sizes(), 1), {.class_names = {"left", "right"}});
  const auto mask = small_mask();
  auto batch = small_batch(mask);
  batch[3].prompt = {};
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].class_index = static_cast<int>(i % 2);
  for (int i = 0; i < 3; ++i) tuner->step(batch, {.learning_rate = 1e-2});
  const NamedTensors tensors = tuner->network();
  const auto network =
      make_cpu_network(fit_tensors(tensors, sizes_from_tensors(tensors, "exported"), "exported"), {});
  const auto examples = tuner->step(batch, {}).examples;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    FramePrompt prompt = batch[i].prompt;
    prompt.class_index = batch[i].class_index;
    const auto masks = network->decode(*network->prepare(batch[i].picture->embedding), std::span(&prompt, 1),
                                       MaskSet::all)[0];
    EXPECT_LT(difference(examples[i], masks), 1e-4) << i;
    EXPECT_NEAR(examples[i].object_score.value(), masks[0].object_score.value(), 1e-4) << i;
  }
}

TEST(Tuner, AnswersTheSameBytesWithOneThreadAndWithTwo) {
  const auto mask = small_mask();
  const auto batch = small_batch(mask);
  const NamedTensors parent = random_tensors(small_vit_sizes(), 1);
  const auto one = small_tuner(parent, {.threads = 1}), two = small_tuner(parent, {.threads = 2});
  for (int i = 0; i < 3; ++i) {
    one->step(batch, {});
    two->step(batch, {});
  }
  EXPECT_EQ(bytes_of(one->state()), bytes_of(two->state()));
}

TEST(Tuner, ChangesNothingWhereAStepIsNotApplied) {
  const auto tuner = small_tuner(random_tensors(small_vit_sizes(), 1), {});
  const auto mask = small_mask();
  auto batch = small_batch(mask);
  tuner->step(batch, {});
  const auto before = bytes_of(tuner->state()), network = bytes_of(tuner->network());
  const StepResult long_one = tuner->step(batch, {.norm_limit = 1e-9});
  EXPECT_FALSE(long_one.applied);
  EXPECT_EQ(long_one.bad_parameter, "");
  batch[1].prompt.box->at(0) = std::numeric_limits<float>::quiet_NaN();
  const StepResult bad = tuner->step(batch, {});
  EXPECT_FALSE(bad.applied);
  EXPECT_THAT(bad.bad_parameter, HasSubstr("mask_decoder."));
  EXPECT_EQ(tuner->gradient_error(batch), std::numeric_limits<double>::infinity());
  EXPECT_LT(tuner->gradient_error(small_batch(mask)), 1e-5);
  EXPECT_EQ(bytes_of(tuner->state()), before);
  EXPECT_EQ(bytes_of(tuner->network()), network);
}

TEST(Tuner, RefusesWhatItCannotTrainByName) {
  NamedTensors weights = random_tensors(small_tiny_vit_sizes(), 1);
  EXPECT_THAT(refusal(ErrorKind::usage, [&] { small_tuner(weights, {.part = TunedPart::adapter}); }),
              HasSubstr("small: adapters are for a ViT encoder"));
  const std::string name = "mask_decoder.transformer.norm_final_attn.weight";
  std::vector<float> numbers(32, 1);
  numbers[7] = std::numeric_limits<float>::infinity();
  weights[name] = make_tensor(numbers, {32});
  EXPECT_THAT(refusal(ErrorKind::corrupt_data, [&] { small_tuner(weights, {}); }),
              HasSubstr("small: " + name + " has numbers that are not finite"));
}

TEST(Tuner, RefusesAStateThatIsNotItsOwn) {
  const auto tuner = small_tuner(random_tensors(small_vit_sizes(), 1), {});
  const auto fault = [&](const NamedTensors& state) {
    return refusal(ErrorKind::corrupt_data, [&] { tuner->restore(state, "step_7"); });
  };
  const std::string name = "optimiser.mean.mask_decoder.iou_token.weight";
  NamedTensors state = tuner->state();
  state[name] = make_tensor(std::vector<float>(31), {1, 31});
  EXPECT_THAT(fault(state), HasSubstr("step_7: " + name + " is [1, 31], not [1, 32]"));
  state.erase(name);
  EXPECT_THAT(fault(state), HasSubstr("step_7: has no tensor " + name));
  EXPECT_THAT(fault({{"other", make_tensor({1}, {1})}}), HasSubstr("has a tensor other"));
}

}  // namespace
}  // namespace sonde
