// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/model_card.h"

#include <algorithm>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/bytes.h"
#include "sonde/core/folder_testing.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/checkpoint_testing.h"
#include "sonde/weights/refusal_testing.h"
#include "sonde/weights/registry.h"

namespace sonde {
namespace {

using namespace test;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string kHash(64, 'a');

ModelCard full_card() {
  const CardMeasure before{"nerves", "point", "card", 30, 0.06, 0.04, 0.09, 0.84};
  const CardMeasure after{"nerves", "point", "card", 30, 0.49, 0.41, 0.57, 0.15};
  ModelCard card{.name = "nerves-lora", .parent = "mobile-sam", .parent_sha256 = kHash, .tuned = "lora"};
  card.weights_sha256 = {kHash};
  card.choice_by_prompt[PromptKind::many_clicks] = AnswerRule::confident;
  card.choice_by_prompt[PromptKind::box] = AnswerRule::third;
  card.measured = {after};
  card.test = {{before, after, 0.0001}};
  card.guards = {{"cells, point", 0.62, 0.40, 0.57, false}};
  card.data = {{"nerves", "CC BY 4.0", "An, A. 2020", "where it lies", 20, 38}};
  card.classes = {{"nerve", 20, 4, 0.5, 0.4, 0.6, 0.9, 0.25}};
  card.notes = {"patients are not known", "a \"second\" note\nof two lines"};
  return card;
}

std::string refusal(const std::string& text) {
  return refusal_of([&] { parse_card(text, "weights.safetensors"); }, "weights.safetensors");
}

// A card's JSON with one piece of it replaced.
std::string with(const std::string& piece, const std::string& other) {
  std::string text = card_text(full_card());
  const auto at = text.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  return text.replace(at, piece.size(), other);
}

TEST(ModelCard, ReadsWhatItWrote) {
  const ModelCard card = full_card(), read = parse_card(card_text(card), "card");
  EXPECT_EQ(card_text(read), card_text(card));
  EXPECT_EQ(read.choice_by_prompt, card.choice_by_prompt);
  EXPECT_EQ(read.test.at(0).after.iou, 0.49);
  EXPECT_FALSE(read.guards.at(0).passed);
  EXPECT_EQ(read.notes, card.notes);
  EXPECT_EQ(card_text(card).find('\n'), std::string::npos);
}

TEST(ModelCard, TakesWhatIsNotThereAsTheDefaultAndPassesOverFieldsOfLaterVersions) {
  const ModelCard card = parse_card(
      R"({"name":"a","choice_by_prompt":{"box":"second","scribble":"first"},"later":[1]})", "card");
  AnswerRules rules;
  rules[PromptKind::box] = AnswerRule::second;
  EXPECT_EQ(card.choice_by_prompt, rules);
  EXPECT_TRUE(card.parent.empty() && card.measured.empty() && card.notes.empty());
}

TEST(ModelCard, RefusesWhatIsNoCardNamingFileAndField) {
  EXPECT_THAT(refusal(""), HasSubstr("JSON"));
  EXPECT_THAT(refusal("[]"), HasSubstr("must be an object"));
  EXPECT_THAT(refusal(R"({"name":"a"})"), HasSubstr("choice_by_prompt is missing"));
  EXPECT_THAT(refusal(R"({"choice_by_prompt":{}})"), HasSubstr("name is missing"));
  EXPECT_THAT(refusal(with("\"third\"", "\"fourth\"")), HasSubstr("choice_by_prompt.box must be one of"));
  EXPECT_THAT(refusal(with("\"third\"", "3")), HasSubstr("choice_by_prompt.box"));
  EXPECT_THAT(refusal(with("\"iou\":0.49", "\"iou\":1e999")), HasSubstr("JSON"));
  EXPECT_THAT(refusal(with("\"iou\":0.49", "\"iou\":1.5")), HasSubstr("within 0 .. 1"));
  EXPECT_THAT(refusal(with("\"iou\":0.49", "\"iou\":\"0.49\"")), HasSubstr("measured[0].iou"));
  EXPECT_THAT(refusal(with("\"n\":30", "\"n\":-1")), HasSubstr("n must be 0 or more"));
  EXPECT_THAT(refusal(with("\"n\":30", "\"n\":1e30")), HasSubstr("whole number"));
  EXPECT_THAT(refusal(with("\"passed\":false", "\"passed\":0")), HasSubstr("guards[0].passed"));
  EXPECT_THAT(refusal(with(kHash, "abc")), HasSubstr("64 hexadecimal digits"));
  EXPECT_THAT(refusal(std::string(kMaxCardBytes + 1, ' ')), HasSubstr("longer than"));
}

TEST(ModelCard, IsNotWrittenWithNumbersThatNobodyCanRead) {
  ModelCard card = full_card();
  card.measured.front().iou = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal_of([&] { card_text(card); }, "nerves-lora"), HasSubstr("measured[0].iou"));
}

TEST(ModelCard, ReadsOrRefusesWhateverIsDamaged) {
  Mutator mutator;
  int read = 0;
  for (int i = 0; i < 2000; ++i) {
    try {
      card_text(parse_card(mutator.mutate(card_text(full_card())), "card"));
      ++read;
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::corrupt_data);
    }
  }
  EXPECT_GT(read, 0);
}

TEST(ModelCard, IsWrittenToAFileForPeople) {
  const TestFolder folder;
  const auto file = folder.path() / "card.json";
  write_card(file, full_card());
  EXPECT_EQ(card_text(read_card(file)), card_text(full_card()));
  std::ifstream in(file);
  std::string line;
  ASSERT_TRUE(std::getline(in, line) && std::getline(in, line));
  EXPECT_EQ(line, "  \"name\": \"nerves-lora\",");
}

class CardOfWeights : public testing::Test {
 protected:
  std::filesystem::path path(const char* name) const { return folder_.path() / name; }
  std::filesystem::path write(const char* name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }
  // The card of the small .pth file, as `content` lies beside it.
  std::optional<ModelCard> beside(const char* name, const std::string& content) const {
    const auto weights = write("model.pth", small_pth());
    const auto card = write(name, content);
    auto found = load_checkpoint(weights).card;
    std::filesystem::remove(card);
    return found;
  }
  static std::string named(const std::string& sha256) {
    ModelCard card = full_card();
    card.weights_sha256 = {kHash, sha256};
    return card_text(card);
  }

  const TestFolder folder_;
  const std::string content_ = small_pth();
  const std::string sha256_ = sha256_hex(std::as_bytes(std::span(content_)));
};

TEST_F(CardOfWeights, TravelsInTheMetadataOfSafetensors) {
  const NamedTensors tensors{{"weight", make_tensor({1, 2}, {2})}};
  save_safetensors(path("a.safetensors"), tensors, {{kCardKey, card_text(full_card())}});
  const auto card = load_checkpoint(path("a.safetensors")).card;
  ASSERT_TRUE(card);
  EXPECT_EQ(card_text(*card), card_text(full_card()));
  save_safetensors(path("b.safetensors"), tensors);
  EXPECT_FALSE(load_checkpoint(path("b.safetensors")).card);
  save_safetensors(path("c.safetensors"), tensors, {{kCardKey, "{}"}});
  EXPECT_THAT(refusal_of([&] { load_checkpoint(path("c.safetensors")); }, "c.safetensors"),
              HasSubstr(kCardKey));
}

TEST_F(CardOfWeights, LiesBesideOtherFilesAndNamesThem) {
  EXPECT_TRUE(beside("model.card.json", named(sha256_)));
  EXPECT_TRUE(beside("card.json", named(sha256_)));
  EXPECT_FALSE(beside("other.card.json", named(sha256_)));
  EXPECT_FALSE(beside("card.json", named(std::string(64, 'b'))));
  EXPECT_FALSE(load_checkpoint(path("model.pth")).card);
}

TEST_F(CardOfWeights, IsNotWhatAnotherProgramLeftThere) {
  EXPECT_FALSE(beside("card.json", "no JSON"));
  EXPECT_FALSE(beside("card.json", "[1]"));
  EXPECT_FALSE(beside("card.json", R"({"weights_sha256":7})"));
  EXPECT_FALSE(beside("card.json", ""));
  // But one that names the weights is to be as described.
  const std::string broken = R"({"name":7,"weights_sha256":[")" + sha256_ + "\"]}";
  EXPECT_THAT(refusal_of([&] { beside("card.json", broken); }, "card.json"),
              HasSubstr("name must be a text"));
}

TEST(RegisteredCard, IsThereForTheDefaultWeightsWithWhatItRestsOn) {
  const auto& models = registered_models();
  const auto found = std::ranges::find(models, "mobile-sam", &RegisteredModel::name);
  ASSERT_NE(found, models.end());
  ASSERT_TRUE(found->card);
  EXPECT_EQ(found->card->choice_by_prompt[PromptKind::point], AnswerRule::first);
  EXPECT_EQ(found->card->choice_by_prompt[PromptKind::box], AnswerRule::single);
  EXPECT_FALSE(found->card->measured.empty() || found->card->notes.empty());
}

}  // namespace
}  // namespace sonde
