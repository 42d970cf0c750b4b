// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/same_name.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "sonde/core/character_parts.h"

namespace sonde {
namespace {

TEST(TakenApart, MakesTheSpellingsOfANameOne) {
  EXPECT_EQ(taken_apart("sch\u00e4del"), "scha\u0308del");
  EXPECT_EQ(taken_apart("scha\u0308del"), "scha\u0308del");
  EXPECT_EQ(taken_apart("\u1ec7"), "e\u0323\u0302");       // Vietnamese: of parts that have parts
  EXPECT_EQ(taken_apart("\ub1cc"), "\u1102\u116c");        // Hangul without a tail
  EXPECT_EQ(taken_apart("\ubf09"), "\u1108\u1167\u11a8");  // and with one
  EXPECT_EQ(taken_apart("\u304c"), "\u304b\u3099");
  EXPECT_NE(taken_apart("a"), taken_apart("\u00e4"));
}

TEST(TakenApart, LeavesAllElseAsItIs) {
  for (const std::string name :
       {"", "scan (1)_mask", "\u65e5\u672c", "\U0001f600", "\xff\xfe", "a\xc3", "\xe2\x82", "\xf0\x9f\x98"})
    EXPECT_EQ(taken_apart(name), name);
}

TEST(CharacterPartsTable, IsInOrder) {
  EXPECT_TRUE(std::ranges::is_sorted(kCharacterParts, {}, &CharacterParts::whole));
}

}  // namespace
}  // namespace sonde
