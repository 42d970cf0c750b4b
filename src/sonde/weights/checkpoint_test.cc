// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/checkpoint.h"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/data_testing.h"
#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/weights/checkpoint_testing.h"
#include "sonde/weights/refusal_testing.h"

namespace sonde {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string refusal(const std::string& content, ErrorKind kind = ErrorKind::corrupt_data) {
  return refusal_of([&] { read_checkpoint(source_of(content, "file.pth")); }, "file.pth", kind);
}

TEST(LoadCheckpoint, ReadsTensorsOfAPthFileAndItsHash) {
  const TestFolder folder;
  const auto path = folder.path() / "small.pth";
  std::ofstream(path, std::ios::binary) << small_pth();
  auto checkpoint = load_checkpoint(path);
  const auto content = small_pth();
  EXPECT_EQ(checkpoint.sha256, sha256_hex(std::as_bytes(std::span(content))));
  ASSERT_THAT(checkpoint.tensors, SizeIs(4));
  EXPECT_EQ(checkpoint.tensors.at("weight").shape, (Shape{2, 3}));
  EXPECT_THAT(floats_of(checkpoint.tensors.at("weight")), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(checkpoint.tensors.at("transposed").shape, (Shape{3, 2}));
  EXPECT_THAT(floats_of(checkpoint.tensors.at("transposed")), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_EQ(checkpoint.tensors.at("half").type, NumberType::f16);
  EXPECT_THAT(numbers_of(checkpoint.tensors.at("half")), ElementsAre(1, 2));
  EXPECT_EQ(checkpoint.tensors.at("count").type, NumberType::i64);
  EXPECT_THAT(numbers_of(checkpoint.tensors.at("count")), ElementsAre(7));
  const auto kept = checkpoint.tensors.at("weight");
  checkpoint.tensors.clear();
  EXPECT_THAT(floats_of(kept), ElementsAre(0, 1, 2, 3, 4, 5));  // the file is still mapped
}

TEST(LoadCheckpoint, ReadsAPublishedCheckpointWithoutCopyingIt) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared folder";
  const auto checkpoint = load_checkpoint(*shared / "golden" / "vit_small.pth");
  EXPECT_EQ(checkpoint.tensors.size(), 202U);
  EXPECT_EQ(checkpoint.tensors.at("image_encoder.pos_embed").shape, (Shape{1, 64, 64, 96}));
  for (const auto& [name, tensor] : checkpoint.tensors) {
    for (const double number : numbers_of(tensor)) ASSERT_TRUE(std::isfinite(number)) << name;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % 64, 0U) << name;
  }
}

TEST(LoadCheckpoint, NamesAFileThatIsNotThere) {
  try {
    load_checkpoint("/nowhere/weights.pth");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/weights.pth"));
  }
}

TEST(ReadCheckpoint, RefusesTheFormatsBefore1_6InWords) {
  const std::string magic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
  EXPECT_THAT(refusal(magic + std::string(500, '\0'), ErrorKind::unsupported), HasSubstr("before 1.6"));
  EXPECT_THAT(
      refusal(std::string(257, 'x') + std::string("ustar") + std::string(500, '\0'), ErrorKind::unsupported),
      HasSubstr("before 1.6"));
}

TEST(ReadCheckpoint, RefusesOtherFiles) {
  EXPECT_THAT(refusal(""), HasSubstr("no checkpoint"));
  EXPECT_THAT(refusal("<!DOCTYPE html>"), HasSubstr("no checkpoint"));
  EXPECT_THAT(refusal(zip_of({{"a.txt", "abc"}})), HasSubstr("without data.pkl"));
  EXPECT_THAT(refusal(zip_of({{"a/data.pkl", "."}, {"b/data.pkl", "."}})), HasSubstr("twice"));
  EXPECT_THAT(refusal(zip_of({{"a/constants.pkl", "."}, {"a/data.pkl", "."}}), ErrorKind::unsupported),
              HasSubstr("TorchScript"));
  EXPECT_THAT(refusal(zip_of({{"a/byteorder", "big"}, {"a/data.pkl", "."}}), ErrorKind::unsupported),
              HasSubstr("big-endian"));
}

TEST(ReadCheckpoint, RefusesStoragesThatLieAboutTheirSizeOrAreMissing) {
  auto files = small_files(small_pickle());
  files[1].content.pop_back();
  EXPECT_THAT(refusal(zip_of(files)), HasSubstr("data/0 has 23 bytes"));
  files[1].content += "12345";
  EXPECT_THAT(refusal(zip_of(files)), HasSubstr("data/0 has 28 bytes"));
  files.erase(files.begin() + 1);
  EXPECT_THAT(refusal(zip_of(files)), HasSubstr("data/0 is missing"));
}

TEST(ReadCheckpoint, GathersAViewThatSkipsElementsAndSharesOneThatDoesNot) {
  using namespace pickle;
  const std::string numbers = storage("FloatStorage", "0", 6);
  const auto content = zip_of(small_files(
      whole(dict(text("column") + tensor(numbers, 1, integer(2), integer(3)) + text("row") +
                 tensor(numbers, 3, integer(1) + integer(3), integer(77) + integer(1)) + text("none") +
                 tensor(numbers, 0, integer(0) + integer(3), integer(3) + integer(1)) + text("one") +
                 tensor(numbers, 5, "", "")))));
  const auto source = source_of(content);
  const auto tensors = read_checkpoint(source).tensors;
  EXPECT_THAT(floats_of(tensors.at("column")), ElementsAre(1, 4));
  EXPECT_THAT(floats_of(tensors.at("row")), ElementsAre(3, 4, 5));
  EXPECT_EQ(tensors.at("none").shape, (Shape{0, 3}));
  EXPECT_EQ(element_count(tensors.at("none")), 0);
  EXPECT_EQ(tensors.at("one").shape, Shape{});
  EXPECT_THAT(floats_of(tensors.at("one")), ElementsAre(5));
}

TEST(ReadCheckpoint, ReadsNothingThroughAKeyThatClimbsOut) {
  using namespace pickle;
  const auto climbing =
      dict(text("a") + tensor(storage("ByteStorage", "../../etc/passwd", 1), 0, integer(1), integer(1)));
  EXPECT_THAT(refusal(zip_of(small_files(whole(climbing)))), HasSubstr("data/../../etc/passwd is missing"));
}

TEST(ReadCheckpoint, ReadsOrRefusesWhateverIsDamaged) {
  Mutator mutator;
  int read = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string damaged =
        i % 2 == 0 ? mutator.mutate(small_pth()) : zip_of(small_files(mutator.mutate(small_pickle())));
    try {
      sum_of(read_checkpoint(source_of(damaged)).tensors);
      ++read;
    } catch (const Error&) {
    }
  }
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace sonde
