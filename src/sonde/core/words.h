// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <string_view>
#include <type_traits>

namespace sonde {

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
  constexpr auto kList = words(T{}).list;
  for (std::size_t i = 0; i < kList.size(); ++i) {
    if (kList[i] == word) return static_cast<T>(i);
  }
  return std::nullopt;
}

}  // namespace sonde
