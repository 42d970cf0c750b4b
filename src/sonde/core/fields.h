// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "sonde/core/words.h"

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
inline constexpr std::uint64_t kMaxWireInteger = std::uint64_t{1} << 53;  // what JavaScript counts exactly

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

template <class T, class V>
concept Described = requires(V& v, T& value) {
  describe(v, value);
};

template <class T, template <class...> class Of>
inline constexpr bool kIs = false;
template <template <class...> class Of, class... T>
inline constexpr bool kIs<Of<T...>, Of> = true;
template <class T>
inline constexpr std::size_t kLengthOf = 0;  // of a std::array
template <class T, std::size_t N>
inline constexpr std::size_t kLengthOf<std::array<T, N>> = N;

// What visitors have that do not care.
struct FieldVisitor {
  void shape(std::string_view /*name*/, std::string_view /*about*/ = {}) const {}
  void require(bool /*holds*/, std::string_view /*else_message*/) const {}
};

}  // namespace sonde
