// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/standard_streams.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(Escaped, ShowsWhatATerminalWouldObeyAndLeavesTheRest) {
  EXPECT_EQ(escaped("Schädel 脳 \U0001F9E0 a\\b\n\tc"), "Schädel 脳 \U0001F9E0 a\\b\n\tc");
  EXPECT_EQ(escaped("a\x1b]0;title\x07z\r\x7f"), "a\\u001b]0;title\\u0007z\\u000d\\u007f");
  EXPECT_EQ(escaped("\xc2\x9b"
                    "31m"),
            "\\u009b31m")
      << "a control sequence in one character";
  EXPECT_EQ(escaped("gpj.\u202egnp"), "gpj.\\u202egnp");
  EXPECT_EQ(escaped_on_one_line("a\nb\tc"), "a\\u000ab\\u0009c");
}

TEST(Escaped, ShowsBytesThatAreNoUtf8) {
  EXPECT_EQ(escaped("Sch\xe4"
                    "del"),
            "Sch\\xe4del");
  EXPECT_EQ(escaped("\xc0\x9b"), "\\xc0\\x9b") << "longer than needed";
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(escaped("cut \xe8\x84"), "cut \\xe8\\x84");
  EXPECT_EQ(escaped("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
}

}  // namespace
}  // namespace sonde
