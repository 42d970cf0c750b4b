// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// What a struct that crosses a border says of itself, once. Readers, writers and the program that prints the
// page's types visit it: template <class V> void describe(V& v, Point& point) {
//   v.shape("Point", "a place");            // its name on the page and in docs/http.md
//   v("x", point.x, {.range = kPixels});    // a field and its rule
//   v("colour", point.colour);              // a word, where the enumeration has words()
// }
// v.list({"x", "y"}, rule, point.x, point.y) in place of fields: the list [x, y]. describe(V&, const T&),
// which may give values that are computed, is of a struct that is only written.
namespace sonde {

// Who reads it. wire: anybody may have written it, so all is refused that is not as described. stored: sonde
// has, maybe a later one: fields that are not known are passed over, and texts may be long.
enum class Layout { wire, stored };
template <class V>
inline constexpr bool kIsStored = V::kLayout == Layout::stored;

struct NumberRange {
  double min = 0, max = 0;
};
enum class Presence {
  by_type,    // an optional may be absent or null, all else must be there
  required,   // also an optional
  defaulted,  // absent or null: as it is by default
  left_out,   // an optional without a value is not written, where by_type writes null
};
struct FieldRule {
  std::optional<NumberRange> range = {};  // of numbers on the wire; whole ones begin at 0
  Presence presence = Presence::by_type;
  std::string_view note = {};                // for people, in types, tables and messages: "pixels"
  bool (*form)(std::string_view) = nullptr;  // whether a text has the form that `note` tells
};
using NamedTexts = std::vector<std::pair<std::string, std::string>>;  // an object of texts

// The words of an enumeration's values, in their order, which is 0, 1, ...: words(Paint) gives
// Words{"Paint", "add", "remove"}. They may be numbers or truth values. No name: it has none of its own on
// the page.
template <class Word, std::size_t N>
struct Words {
  std::string_view name;
  std::array<Word, N> list;
};
template <class First, class... More>
Words(std::string_view, First, More...)
    -> Words<std::conditional_t<std::is_convertible_v<First, std::string_view>, std::string_view, First>,
             1 + sizeof...(More)>;

template <class T>
concept Enumerated = std::is_enum_v<T> && requires(T value) {
  words(value).list;
};
template <Enumerated T>
constexpr auto to_word(T value) {
  return words(value).list.at(static_cast<std::size_t>(value));
}
template <Enumerated T>
constexpr std::string_view to_string(T value) {
  return to_word(value);
}
template <Enumerated T>
constexpr std::optional<T> from_word(const auto& word) {
  const auto list = words(T{}).list;
  const auto found = std::ranges::find(list, word);
  return found == list.end() ? std::nullopt : std::optional(static_cast<T>(found - list.begin()));
}

}  // namespace sonde
