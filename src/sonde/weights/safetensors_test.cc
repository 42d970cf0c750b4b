// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/data_testing.h"
#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/checkpoint_testing.h"
#include "sonde/weights/refusal_testing.h"

namespace sonde {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string refusal(const std::string& content, ErrorKind kind = ErrorKind::corrupt_data) {
  return refusal_of([&] { read_safetensors(source_of(content, "file.safetensors")); }, "file.safetensors",
                    kind);
}

// A file of one tensor "a" with this description and 16 bytes of data.
std::string described(const std::string& description) {
  return safetensors_of(std::string("{\"a\":{").append(description).append("}}"), std::string(16, '\0'));
}

TEST(ReadSafetensors, GivesTensorsByName) {
  const auto tensors = read_safetensors(source_of(small_safetensors())).tensors;
  ASSERT_THAT(tensors, SizeIs(2));
  EXPECT_THAT(floats_of(tensors.at("a")), ElementsAre(1.5F, 2.5F));
  EXPECT_THAT(numbers_of(tensors.at("b")), ElementsAre(9));
  EXPECT_EQ(tensors.at("b").shape, Shape{});
}

TEST(ReadSafetensors, RefusesHeadersThatLie) {
  refusal("");
  refusal("1234567");
  EXPECT_THAT(refusal(le<std::uint64_t>(~0ULL) + "{}"), HasSubstr("18446744073709551615 bytes"));
  EXPECT_THAT(refusal(le<std::uint64_t>(3) + "{}"), HasSubstr("3 bytes"));
  EXPECT_THAT(refusal(safetensors_of("{\"a\":", "")), HasSubstr("JSON"));
  EXPECT_THAT(refusal(safetensors_of("[]", "")), HasSubstr("start with {"));
  EXPECT_THAT(refusal(safetensors_of("{\"\xff\":1}", "")), HasSubstr("JSON"));
  EXPECT_THAT(refusal(safetensors_of(std::string("{\"a\":") + std::string(100000, '['), "")),
              HasSubstr("deep"));
  EXPECT_THAT(refusal(safetensors_of("{}", "")), HasSubstr("no tensors"));
  EXPECT_THAT(refusal(safetensors_of(R"({"a":{"b":1,"b":2}})", "")), HasSubstr("b twice"));
}

TEST(ReadSafetensors, RefusesDescriptionsThatDoNotFitTheBytes) {
  EXPECT_NO_THROW(
      read_safetensors(source_of(described(R"("dtype":"F32","shape":[4],"data_offsets":[0,16])"))));
  refusal(described(R"("dtype":"F32","shape":[5],"data_offsets":[0,16])"));
  refusal(described(R"("dtype":"F32","shape":[5],"data_offsets":[0,20])"));
  refusal(described(R"("dtype":"F32","shape":[3],"data_offsets":[0,12])"));
  refusal(described(R"("dtype":"F32","shape":[3],"data_offsets":[4,16])"));
  refusal(described(R"("dtype":"F32","shape":[0],"data_offsets":[16,0])"));
  refusal(described(R"("dtype":"F32","shape":[-4],"data_offsets":[0,16])"));
  refusal(described(R"("dtype":"F32","shape":[4.0],"data_offsets":[0,16])"));
  refusal(described(R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16])"));
  refusal(described(R"("dtype":"F32","shape":[18446744073709551615,0],"data_offsets":[0,0])"));
  refusal(described(R"("dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0])"));
  refusal(described(R"("dtype":"F32","shape":[4],"data_offsets":[0])"));
  refusal(described(R"("dtype":"F32","shape":4,"data_offsets":[0,16])"));
  refusal(described(R"("dtype":"F32","shape":[4],"data_offsets":[0,16],"code":"x")"));
  refusal(described(R"("dtype":"F99","shape":[4],"data_offsets":[0,16])"), ErrorKind::unsupported);
}

TEST(ReadSafetensors, GivesItsMetadataOfTexts) {
  EXPECT_EQ(read_safetensors(source_of(small_safetensors())).metadata,
            (std::map<std::string, std::string>{{"format", "pt"}}));
  const auto with_metadata = [](const std::string& metadata) {
    return safetensors_of(
        R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"__metadata__":)" + metadata + "}", "x");
  };
  EXPECT_THAT(refusal(with_metadata("[]")), HasSubstr("metadata"));
  EXPECT_THAT(refusal(with_metadata(R"({"format":7})")), HasSubstr("metadata"));
}

TEST(ReadSafetensors, RefusesTruthValuesOtherThan0And1) {
  const std::string header = R"({"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})";
  const auto source = source_of(safetensors_of(header, std::string("\0\1", 2)));
  EXPECT_THAT(numbers_of(read_safetensors(source).tensors.at("a")), ElementsAre(0, 1));
  EXPECT_THAT(refusal(safetensors_of(header, std::string("\0\2", 2))), HasSubstr("truth values"));
}

TEST(ReadSafetensors, ReadsOrRefusesWhateverIsDamaged) {
  Mutator mutator;
  int read = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string damaged = mutator.mutate(small_safetensors());
    try {
      const auto tensors = read_safetensors(source_of(damaged)).tensors;
      sum_of(tensors);
      ++read;
    } catch (const Error&) {
    }
  }
  EXPECT_GT(read, 0);
}

TEST(SaveSafetensors, WritesWhatIsReadBackAtAlignedPlacesAndTheSameBytesEachTime) {
  const TestFolder folder;
  const auto path = folder.path() / "a.safetensors";
  const std::vector<std::int64_t> seven{7};
  const NamedTensors tensors{{"weight", make_tensor({0, 1, 2, 3, 4, 5}, {2, 3})},
                             {"count", {NumberType::i64, {}, as_byte_view(seven), nullptr}},
                             {"none", make_tensor({}, {0, 4})}};
  save_safetensors(path, tensors, {{"format", "pt"}});
  const auto first = load_checkpoint(path);
  ASSERT_THAT(first.tensors, SizeIs(3));
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(first.tensors.at(name).type, tensor.type) << name;
    EXPECT_EQ(first.tensors.at(name).shape, tensor.shape) << name;
    EXPECT_EQ(numbers_of(first.tensors.at(name)), numbers_of(tensor)) << name;
  }
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first.tensors.at("count").bytes.data()) % 64, 0U);
  save_safetensors(path, tensors, {{"format", "pt"}});
  EXPECT_EQ(load_checkpoint(path).sha256, first.sha256);
}

TEST(LoadCheckpoint, RefusesEveryHostileSafetensorsFileButTheValidOne) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared folder";
  int refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*shared / "data" / "hostile")) {
    if (entry.path().extension() != ".safetensors" || entry.path().stem() == "valid") continue;
    try {
      load_checkpoint(entry.path());
      ADD_FAILURE() << entry.path() << " was read";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(entry.path().string()));
      EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("\n")));
      ++refused;
    }
  }
  EXPECT_GE(refused, 15);
  EXPECT_THAT(load_checkpoint(*shared / "data" / "hostile" / "valid.safetensors").tensors, SizeIs(1));
}

}  // namespace
}  // namespace sonde
