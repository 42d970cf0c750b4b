// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/json_fields.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/json_text.h"

namespace sonde {
namespace {

using testing::HasSubstr;

enum class Tint { warm, cold };
constexpr auto words(Tint) { return Words{"Tint", "warm", "cold"}; }
enum class Shut { no, yes };
constexpr auto words(Shut) { return Words{"", false, true}; }

struct Spot {
  double x = 0, y = 0;
  bool operator==(const Spot&) const = default;
};
template <class V>
void describe(V& v, Spot& spot) {
  v.list({"x", "y"}, {.range = NumberRange{-10, 10}}, spot.x, spot.y);
}

struct Room {
  std::int64_t id = 0;
  std::string name;
  std::optional<Tint> tint;
  std::optional<std::string> note;
  Shut shut = Shut::no;
  double share = 0.5;
  std::vector<Spot> spots;
  std::array<std::int64_t, 2> span{};
  bool operator==(const Room&) const = default;
};
bool is_short(std::string_view text) { return text.size() < 8; }
template <class V>
void describe(V& v, Room& room) {
  v.shape("Room");
  v("id", room.id, {.range = NumberRange{0, 99}});
  v("name", room.name, {.note = "fewer than 8 bytes", .form = is_short});
  v("tint", room.tint);
  v("note", room.note, {.presence = Presence::left_out});
  v("shut", room.shut);
  v("share", room.share, {.range = NumberRange{0, 1}, .presence = Presence::defaulted});
  v("spots", room.spots);
  v("span", room.span);
  v.require(room.id != 13, "there is no room 13");
}

struct Paint {
  static constexpr std::string_view kKind = "paint";
  Tint tint = Tint::warm;
  bool operator==(const Paint&) const = default;
};
struct Leave {
  static constexpr std::string_view kKind = "leave";
  bool operator==(const Leave&) const = default;
};
template <class V>
void describe(V& v, Paint& paint) {
  v("tint", paint.tint);
}
template <class V>
void describe(V& /*v*/, Leave& /*leave*/) {}
using Deed = std::variant<Paint, Leave>;

const Room kRoom{7, "hall", Tint::cold, {}, Shut::yes, 0.25, {{1, 2}, {-3, 4.5}}, {3, 4}};
constexpr const char* kText =
    R"({"id":7,"name":"hall","tint":"cold","shut":true,"share":0.25,"spots":[[1.0,2.0],[-3.0,4.5]],"span":[3,4]})";

template <class T = Room>
std::string refusal(const std::string& text) {
  try {
    from_json<T, Layout::wire>(parse_ordered_json(text));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt_data);
    return error.what();
  }
  return "was taken";
}
// kText with a field of another value; null takes it out.
std::string with(const char* field, const Json& value) {
  Json json = parse_ordered_json(kText);
  json.erase(field);
  if (!value.is_null()) json[field] = value;
  return json_text(json);
}

TEST(JsonFields, AreWrittenInTheOrderOfTheDescriptionAndComeBack) {
  EXPECT_EQ(json_text(to_json<Layout::wire>(kRoom)), kText);
  EXPECT_EQ((from_json<Room, Layout::wire>(parse_ordered_json(kText))), kRoom);
}

TEST(JsonFields, ThatMayBeAbsentAre) {
  Room room = kRoom;
  room.tint.reset();
  room.note = "n";
  EXPECT_THAT(json_text(to_json<Layout::wire>(room)), HasSubstr(R"("tint":null,"note":"n")"));
  const auto read = from_json<Room, Layout::wire>(parse_ordered_json(with("share", nullptr)));
  EXPECT_EQ(read.share, 0.5);
  EXPECT_EQ((from_json<Room, Layout::wire>(parse_ordered_json(with("tint", nullptr)))).tint, std::nullopt);
}

TEST(JsonFields, AreRefusedWithTheirPlaceAndWhatIsAllowed) {
  EXPECT_EQ(refusal("[]"), "the body must be an object");
  EXPECT_EQ(refusal(with("id", nullptr)), "id is missing");
  EXPECT_EQ(refusal(with("id", -1)), "id must be a whole number, 0 or more");
  EXPECT_EQ(refusal(with("id", 1.0)), "id must be a whole number, 0 or more");
  EXPECT_EQ(refusal(with("id", (1LL << 53) + 1)), "id must be a whole number, 0 or more");
  EXPECT_EQ(refusal(with("id", 100)), "id may be at most 99");
  EXPECT_EQ(refusal(with("id", 13)), "there is no room 13");
  EXPECT_EQ(refusal(with("name", 7)), "name must be a text");
  EXPECT_EQ(refusal(with("name", "a longer name")), "name must be fewer than 8 bytes");
  EXPECT_EQ(refusal(with("name", std::string(5000, 'x'))), "name is longer than 4096 bytes");
  EXPECT_EQ(refusal(with("tint", "red")), R"(tint must be one of "warm", "cold")");
  EXPECT_EQ(refusal(with("tint", 1)), "tint must be a text");
  EXPECT_EQ(refusal(with("shut", 1)), "shut must be one of false, true");
  EXPECT_EQ(refusal(with("share", 2)), "share must be within 0.0 .. 1.0");
  EXPECT_EQ(refusal(with("spots", 7)), "spots must be a list");
  EXPECT_EQ(refusal(with("spots", {{1, 2}, {1}})), "spots[1] must be a list of 2 numbers");
  EXPECT_EQ(refusal(with("spots", {{1, "2"}})), "spots[0] must be a number");
  EXPECT_EQ(refusal(with("span", {1, 2, 3})), "span must be a list of 2 numbers");
  EXPECT_EQ(refusal(with("door", 1)), "the body: the field \"door\" is not known");
}

TEST(JsonFields, TellAlternativesByTheirKind) {
  const Deed paint = Paint{Tint::cold};
  EXPECT_EQ(json_text(to_json<Layout::wire>(paint)), R"({"kind":"paint","tint":"cold"})");
  EXPECT_EQ((from_json<Deed, Layout::wire>(to_json<Layout::wire>(paint))), paint);
  EXPECT_EQ((from_json<Deed, Layout::wire>(to_json<Layout::wire>(Deed(Leave{})))), Deed(Leave{}));
  EXPECT_EQ(refusal<Deed>("{}"), "kind is missing");
  EXPECT_EQ(refusal<Deed>(R"({"kind":"eat"})"), R"(kind must be one of "paint", "leave")");
  EXPECT_EQ(refusal<Deed>(R"({"kind":"leave","tint":"warm"})"), "the body: the field \"tint\" is not known");
}

TEST(JsonFields, ThatAreStoredMayBeMoreAndBeyondWhatTheWireTakes) {
  Json json = parse_ordered_json(kText);
  json["later"] = 1;
  json["id"] = std::numeric_limits<std::int64_t>::min();
  json["share"] = 7;
  const auto room = from_json<Room, Layout::stored>(json);
  EXPECT_EQ(room.id, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(room.share, 7);
  json["id"] = std::uint64_t{1} << 63;
  EXPECT_THROW((from_json<Room, Layout::stored>(json)), Error);
}

}  // namespace
}  // namespace sonde
