// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/same_name.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(Decomposed, MakesTheSpellingsOfANameOne) {
  EXPECT_EQ(decomposed("sch\u00e4del"), "scha\u0308del");
  EXPECT_EQ(decomposed("scha\u0308del"), "scha\u0308del");
  EXPECT_EQ(decomposed("\u1ec7"), "e\u0323\u0302");       // Vietnamese: of parts that have parts
  EXPECT_EQ(decomposed("\ub1cc"), "\u1102\u116c");        // Hangul without a tail
  EXPECT_EQ(decomposed("\ubf09"), "\u1108\u1167\u11a8");  // and with one
  EXPECT_EQ(decomposed("\u304c"), "\u304b\u3099");
  EXPECT_NE(decomposed("a"), decomposed("\u00e4"));
}

TEST(Decomposed, LeavesAllElseAsItIs) {
  for (const std::string name :
       {"", "scan (1)_mask", "\u65e5\u672c", "\U0001f600", "\xff\xfe", "a\xc3", "\xe2\x82", "\xf0\x9f\x98"})
    EXPECT_EQ(decomposed(name), name);
}

}  // namespace
}  // namespace sonde
