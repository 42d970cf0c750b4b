// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/masks/nnunet_labels.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"

namespace sonde {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class NnunetLabels : public testing::Test {
 protected:
  LabelScheme read(const std::string& labels) const {
    std::ofstream(folder_.path() / "dataset.json")
        << R"({"channel_names": {"0": "CT"}, "labels": )" << labels << '}';
    return read_label_scheme(folder_.path());
  }
  TestFolder folder_;
};

TEST_F(NnunetLabels, AreReadInBothForms) {
  const auto expected = UnorderedElementsAre(Pair(1, "liver"), Pair(2, "tumour"));
  EXPECT_THAT(read(R"({"0": "background", "1": "liver", "2": "tumour"})").names, expected);
  EXPECT_THAT(read(R"({"background": 0, "liver": 1, "tumour": 2, "ignore": 3})").names, expected);
}

TEST_F(NnunetLabels, NameValuesOfRegionsAfterTheSmallest) {
  EXPECT_THAT(
      read(R"({"background": 0, "whole": [1, 2, 3], "core": [2, 3], "enhancing": 3})").names,
      UnorderedElementsAre(Pair(1, "value 1 of whole"), Pair(2, "value 2 of core"), Pair(3, "enhancing")));
}

TEST_F(NnunetLabels, StandBackBehindLabelsJson) {
  std::ofstream(folder_.path() / "labels.json") << R"({"labels": {"1": "spleen"}})";
  EXPECT_THAT(read(R"({"1": "liver"})").names, UnorderedElementsAre(Pair(1, "spleen")));
}

TEST_F(NnunetLabels, AreRefusedWhereTheyCannotBeUnderstood) {
  for (const char* labels : {R"({"liver": "one"})", R"({"liver": [1, "two"]})", R"({"liver": 1.5})",
                             R"({"liver": []})", R"({"1": ""})"})
    EXPECT_THROW(read(labels), Error) << labels;
  EXPECT_THAT(read("null").names, IsEmpty());
}

}  // namespace
}  // namespace sonde
