// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/server/http_message.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Target, IsTakenApart) {
  const Target target = parse_target("/api/images/3/embedding?axis=axial&window=40%2C80&slice=7&empty");
  EXPECT_EQ(target.path, "/api/images/3/embedding");
  EXPECT_THAT(target.segments, ElementsAre("api", "images", "3", "embedding"));
  EXPECT_EQ(query_text(target, "window"), "40,80");
  EXPECT_EQ(query_whole(target, "slice"), 7);
  EXPECT_EQ(query_text(target, "empty"), "");
  EXPECT_EQ(maybe_query_whole(target, "limit"), std::nullopt);
  EXPECT_THAT(parse_target("/").segments, IsEmpty());
}

TEST(Target, RefusesWhatLeadsElsewhere) {
  for (const char* text :
       {"", "api", "*", "http://evil.example/", "//api", "/api//x", "/api/", "/../etc/passwd",
        "/assets/../../etc/passwd", "/.", "/a/./b", "/a b", "/\x01", "/caf\xc3\xa9"})
    EXPECT_THROW(parse_target(text), RefusedRequest) << text;
}

TEST(Target, LeavesPercentSignsInPathsSoThatTheyNameNothing) {
  EXPECT_THAT(parse_target("/%2e%2e/etc").segments, ElementsAre("%2e%2e", "etc"));
}

TEST(Target, RefusesQueriesThatAreNoneOfItsOwn) {
  for (const char* text : {"/?a=1&a=2", "/?a=%", "/?a=%2", "/?a=%gg", "/?a=%00", "/?=1", "/?a=1&&b=2"})
    EXPECT_THROW(parse_target(text), RefusedRequest) << text;
  const Target target = parse_target("/api/changes?since=1&more=2");
  EXPECT_THROW(check_query(target, {"since"}), RefusedRequest);
  EXPECT_NO_THROW(check_query(target, {"since", "more"}));
}

TEST(Target, TakesWholeNumbersAlone) {
  EXPECT_EQ(integer("0"), 0);
  EXPECT_EQ(integer("9007199254740992"), 9007199254740992);
  for (const char* text :
       {"", "-1", "+1", "1.0", "0x1", " 1", "1e3", "9007199254740993", "99999999999999999999"})
    EXPECT_EQ(integer(text), std::nullopt) << text;
}

}  // namespace
}  // namespace sonde
