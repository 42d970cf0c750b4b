// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/text.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(Text, IsLoweredAndTrimmed) {
  EXPECT_EQ(lower_case("Brain.NII.gz"), "brain.nii.gz");
  EXPECT_EQ(trimmed(" \t a b\r\n"), "a b");
  EXPECT_EQ(trimmed(" \n"), "");
  EXPECT_EQ(trimmed("\ra ", " "), "\ra");
}

TEST(Text, CountsInSingularAndPlural) {
  EXPECT_EQ(counted(1, "image"), "1 image");
  EXPECT_EQ(counted(0, "image"), "0 images");
}

TEST(Text, IsShownOnOneLine) {
  EXPECT_EQ(one_line("a\nb\x7f"), "a b ");
  EXPECT_EQ(in_quotes("a\x1b[31m\n"), "\"a?[31m?\"");
}

TEST(Text, IsCutBetweenCharacters) {
  EXPECT_EQ(printable("Sch\xc3\xa4"
                      "del",
                      7),
            "Sch\xc3\xa4"
            "del");
  EXPECT_EQ(printable("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 4), "\xc3\xa4...");
  EXPECT_EQ(in_quotes(std::string(61, 'a')), '"' + std::string(57, 'a') + "...\"");
  EXPECT_EQ(in_quotes(std::string(60, 'a')), '"' + std::string(60, 'a') + '"');
}

}  // namespace
}  // namespace sonde
