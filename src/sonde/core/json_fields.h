// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <variant>

#include <nlohmann/json.hpp>

#include "sonde/core/fields.h"
#include "sonde/core/json_text.h"

// JSON of described structs (core/fields.h). An alternative of a variant has its name in kKind, the field
// "kind".
namespace sonde {

using Json = nlohmann::ordered_json;

template <class T, template <class...> class Of>
inline constexpr bool kIs = false;
template <template <class...> class Of, class... T>
inline constexpr bool kIs<Of<T...>, Of> = true;
template <class T>
concept Plain = std::is_arithmetic_v<T> || std::is_convertible_v<T, std::string_view>;

// What describe() visits: each(name, rule, value, size) with every field; the size is that of a list, or 0.
template <Layout layout, class Each>
struct FieldVisitor {
  static constexpr Layout kLayout = layout;
  Each each;
  std::string_view name = {}, about = {}, fault = {};

  template <class T>
  void operator()(std::string_view field, T&& value, const FieldRule& rule = {}) {
    each(field, rule, value, 0);
  }
  template <class... T>
  void list(const std::array<std::string_view, sizeof...(T)>& names, const FieldRule& rule, T&&... values) {
    std::size_t i = 0;
    (each(names[i++], rule, values, sizeof...(T)), ...);
  }
  void shape(std::string_view its_name, std::string_view what = {}) {
    if (name.empty() && about.empty()) name = its_name, about = what;
  }
  void require(bool holds, std::string_view else_message) {
    if (!holds && fault.empty()) fault = else_message;
  }
};
template <Layout layout, class T, class Each>
auto visit_fields(const T& value, Each each) {
  FieldVisitor<layout, Each> visitor{std::move(each)};
  if constexpr (requires { T::kKind; }) visitor("kind", T::kKind);
  describe(visitor, const_cast<T&>(value));  // NOLINT: `each` changes only what may be changed
  return visitor;
}
template <class V, class T, std::size_t N>
void describe(V& v, std::array<T, N>& array) {
  std::apply([&v](auto&... values) { v.list({}, {}, values...); }, array);
}

template <Layout layout, class T>
Json to_json(const T& value) {
  if constexpr (kIs<T, std::optional>) {
    return value ? to_json<layout>(*value) : Json();
  } else if constexpr (Enumerated<T>) {
    return to_word(value);
  } else if constexpr (Plain<T>) {
    return value;
  } else if constexpr (std::is_same_v<T, NamedTexts>) {
    Json object = Json::object();
    for (const auto& [name, text] : value) object[name] = text;
    return object;
  } else if constexpr (kIs<T, std::vector>) {
    Json list = Json::array();
    for (const auto& element : value) list.push_back(to_json<layout>(element));
    return list;
  } else if constexpr (kIs<T, std::variant>) {
    return std::visit([](const auto& one) { return to_json<layout>(one); }, value);
  } else {
    Json json = Json::object();
    visit_fields<layout>(value, [&](auto name, const auto& rule, const auto& field, std::size_t list) {
      if (list > 0 && json.is_object()) json = Json::array();
      Json written = to_json<layout>(field);
      if (written.is_null() && rule.presence == Presence::left_out) return;
      list > 0 ? json.push_back(written) : json.push_back({std::string(name), written});
    });
    return json;
  }
}

// A value to be read. All throw Error{corrupt_data}, which names it by its place: "action.points[3]".
struct JsonPlace {
  const Json& json;
  Layout layout;
  std::string at = {};  // of the document itself: empty
  FieldRule rule = {};

  [[noreturn]] void refuse(const std::string& fault) const;
  void check(Json::value_t type) const;
  void check_whole(bool fits_its_type) const;
  std::size_t word(const Json& words) const;  // which of them it is
  JsonPlace element(std::size_t i) const;
  // Absent where the field may be.
  std::optional<JsonPlace> field(std::string_view name, const FieldRule& its_rule, Presence by_type) const;
  void refuse_others(const std::vector<std::string_view>& known) const;
};

template <Layout layout, class T>
void read_json(const JsonPlace& place, T& value) {
  const Json& json = place.json;
  if constexpr (kIs<T, std::optional>) {
    if (!json.is_null()) read_json<layout>(place, value.emplace());
  } else if constexpr (Enumerated<T>) {
    value = static_cast<T>(place.word(words(T{}).list));
  } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    place.check_whole(json.is_number_unsigned()
                          ? std::in_range<T>(json.get<std::uint64_t>())
                          : json.is_number_integer() && std::in_range<T>(json.get<std::int64_t>()));
    json.get_to(value);
  } else if constexpr (Plain<T>) {
    place.check(Json(value).type());
    json.get_to(value);
  } else if constexpr (std::is_same_v<T, NamedTexts>) {
    place.check(Json::value_t::object);
    for (const auto& [name, text] : json.items())
      read_json<layout>(JsonPlace{text, layout, place.at}, value.emplace_back(name, "").second);
  } else if constexpr (kIs<T, std::vector>) {
    place.check(Json::value_t::array);
    for (std::size_t i = 0; i < json.size(); ++i) read_json<layout>(place.element(i), value.emplace_back());
  } else if constexpr (kIs<T, std::variant>) {
    [&]<class... One>(std::variant<One...>& any) {
      std::size_t which = place.field("kind", {}, Presence::required)->word({One::kKind...});
      ((which-- == 0 ? read_json<layout>(place, any.template emplace<One>()) : void()), ...);
    }(value);
  } else {
    std::vector<std::string_view> known;
    const auto read = [&](auto name, const auto& rule, auto& field, std::size_t list_size) {
      using Field = std::remove_cvref_t<decltype(field)>;
      known.push_back(name);
      if constexpr (std::is_same_v<Field, std::string_view>)
        return;  // kKind
      else if (list_size > 0) {
        if (!json.is_array() || json.size() != list_size)
          place.refuse(" must be a list of " + std::to_string(list_size) +
                       (Plain<Field> ? " numbers" : " values"));
        read_json<layout>(JsonPlace{json[known.size() - 1], layout, place.at, rule}, field);
      } else if (const auto found = place.field(
                     name, rule, kIs<Field, std::optional> ? Presence::defaulted : Presence::required)) {
        read_json<layout>(*found, field);
      }
    };
    const auto visitor = visit_fields<layout>(value, read);
    if (!visitor.fault.empty()) JsonPlace{json, layout, std::string(visitor.fault)}.refuse("");
    if (layout == Layout::wire && json.is_object()) place.refuse_others(known);
  }
}

template <class T, Layout layout>
T from_json(const Json& json) {
  T value{};
  read_json<layout>(JsonPlace{json, layout}, value);
  return value;
}

}  // namespace sonde
