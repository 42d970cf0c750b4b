// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "sonde/core/fields.h"
#include "sonde/core/json_text.h"

// JSON of described structs (core/fields.h). An alternative of a variant has its name in kKind, the field
// "kind".
namespace sonde {

using Json = nlohmann::ordered_json;

namespace fields {
// All throw Error{corrupt_data}; `at` names the value: "action.points[3]".
[[noreturn]] void refuse(const std::string& message);
const Json* find(const Json& object, const std::string& at, std::string_view name);  // null: absent
std::string inside(const std::string& at, std::string_view name);                    // "action.plane"
void refuse_unknown(const Json& object, const std::string& at, std::span<const std::string_view> known);
std::string text(const Json& json, const std::string& at, const FieldRule& rule, Layout layout);
double number(const Json& json, const std::string& at, const FieldRule& rule, Layout layout);
bool flag(const Json& json, const std::string& at);
// Within the type's own range; on the wire also within the rule's.
template <std::integral T>
T integer(const Json& json, const std::string& at, const FieldRule& rule, Layout layout) {
  const bool is_positive = json.is_number_unsigned();
  const std::uint64_t positive = is_positive ? json.get<std::uint64_t>() : 0;
  const bool fits = is_positive ? std::in_range<T>(positive)
                                : json.is_number_integer() && std::in_range<T>(json.get<std::int64_t>());
  if (layout == Layout::wire && !(fits && is_positive && positive <= kMaxWireInteger))
    refuse(at + " must be a whole number, 0 or more");
  if (!fits) refuse(at + " must be a whole number");
  const double max = rule.range ? rule.range->max : static_cast<double>(kMaxWireInteger);
  if (layout == Layout::wire && static_cast<double>(positive) > max)
    refuse(at + " may be at most " + std::to_string(static_cast<std::int64_t>(max)));
  return json.get<T>();
}
// "a", "b"
std::string listed(const Json& words);
}  // namespace fields

template <Layout layout>
class JsonReader : public FieldVisitor {
 public:
  static constexpr Layout kLayout = layout;

  template <class T>
  static void read(const Json& json, const std::string& at, T& value, const FieldRule& rule = {}) {
    if constexpr (kIs<T, std::optional>) {
      json.is_null() ? value.reset() : read(json, at, value.emplace(), rule);
    } else if constexpr (Enumerated<T>) {
      value = enumerator<T>(json, at, rule);
    } else if constexpr (std::is_same_v<T, bool>) {
      value = fields::flag(json, at);
    } else if constexpr (std::integral<T>) {
      value = fields::integer<T>(json, at, rule, layout);
    } else if constexpr (std::floating_point<T>) {
      value = fields::number(json, at, rule, layout);
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = fields::text(json, at, rule, layout);
    } else if constexpr (std::is_same_v<T, NamedTexts>) {
      for (const auto& [name, word] : json.items())
        value.emplace_back(name, fields::text(word, at, rule, layout));
    } else if constexpr (kIs<T, std::vector>) {
      if (!json.is_array()) fields::refuse(at + " must be a list");
      value.reserve(json.size());
      for (const Json& element : json) {
        const std::string place = at + "[" + std::to_string(value.size()) + "]";
        read(element, place, value.emplace_back(), rule);
      }
    } else if constexpr (kLengthOf<T> > 0) {
      JsonReader reader(json, at);
      std::apply([&](auto&... element) { reader.list({}, rule, element...); }, value);
    } else if constexpr (kIs<T, std::variant>) {
      JsonReader(json, at).read_alternative(value);
    } else {
      JsonReader reader(json, at);
      describe(reader, value);
      reader.finish();
    }
  }

  template <class T>
  void operator()(std::string_view name, T& value, const FieldRule& rule = {}) {
    known_.push_back(name);
    const Json* found = fields::find(json_, at_, name);
    const bool may_be_absent = rule.presence == Presence::defaulted ||
                               (kIs<T, std::optional> && rule.presence != Presence::required);
    if (may_be_absent && (found == nullptr || found->is_null())) return;
    if (found == nullptr) fields::refuse(fields::inside(at_, name) + " is missing");
    read(*found, fields::inside(at_, name), value, rule);
  }
  template <class... T>
  void list(const std::array<std::string_view, sizeof...(T)>& /*names*/, const FieldRule& rule,
            T&... values) {
    is_list_ = true;
    if (!json_.is_array() || json_.size() != sizeof...(T)) {
      fields::refuse(at_ + " must be a list of " + std::to_string(sizeof...(T)) +
                     ((std::is_arithmetic_v<T> && ...) ? " numbers" : " values"));
    }
    std::size_t i = 0;
    (read(json_[i++], at_, values, rule), ...);
  }
  static void require(bool holds, std::string_view else_message) {
    if (!holds) fields::refuse(std::string(else_message));
  }

 private:
  JsonReader(const Json& json, const std::string& at) : json_(json), at_(at) {}

  template <class T>
  static T enumerator(const Json& json, const std::string& at, const FieldRule& rule) {
    constexpr auto kList = words(T{}).list;
    using Word = typename decltype(kList)::value_type;
    if (std::is_same_v<Word, std::string_view>) fields::text(json, at, rule, layout);
    for (std::size_t i = 0; i < kList.size(); ++i) {
      if (json == Json(kList[i]) && !json.is_number_float()) return static_cast<T>(i);
    }
    fields::refuse(at + " must be " +
                   (rule.note.empty() ? "one of " + fields::listed(kList) : std::string(rule.note)));
  }
  template <class... T>
  void read_alternative(std::variant<T...>& value) {
    std::string kind;
    (*this)("kind", kind);
    const auto take = [&](auto& alternative) {
      describe(*this, alternative);
      return true;
    };
    if (!((kind == T::kKind && take(value.template emplace<T>())) || ...))
      fields::refuse(fields::inside(at_, "kind") + " must be one of " + fields::listed({T::kKind...}));
    finish();
  }
  void finish() const {
    if (layout == Layout::wire && !is_list_) fields::refuse_unknown(json_, at_, known_);
  }

  const Json& json_;
  const std::string& at_;
  std::vector<std::string_view> known_;
  bool is_list_ = false;
};

template <Layout layout>
class JsonWriter : public FieldVisitor {
 public:
  static constexpr Layout kLayout = layout;

  template <class T>
  static Json write(const T& value) {
    if constexpr (kIs<T, std::optional>) {
      return value ? write(*value) : Json(nullptr);
    } else if constexpr (Enumerated<T>) {
      return to_word(value);
    } else if constexpr (std::is_same_v<T, NamedTexts>) {
      Json object = Json::object();
      for (const auto& [name, text] : value) object[name] = text;
      return object;
    } else if constexpr (kIs<T, std::vector> || kLengthOf<T> > 0) {
      Json list = Json::array();
      for (const auto& element : value) list.push_back(write(element));
      return list;
    } else if constexpr (kIs<T, std::variant>) {
      return std::visit([](const auto& alternative) { return write(alternative); }, value);
    } else if constexpr (Described<T, JsonWriter>) {
      JsonWriter writer;
      if constexpr (requires { T::kKind; }) writer("kind", T::kKind);
      describe(writer, const_cast<T&>(value));  // NOLINT: a writer changes nothing
      return std::move(writer.json_);
    } else if constexpr (std::is_same_v<T, std::monostate>) {
      return nullptr;
    } else {
      return value;
    }
  }

  template <class T>
  void operator()(std::string_view name, const T& value, const FieldRule& rule = {}) {
    if constexpr (kIs<T, std::optional>) {
      if (!value && rule.presence == Presence::left_out) return;
    }
    json_[std::string(name)] = write(value);
  }
  template <class... T>
  void list(const std::array<std::string_view, sizeof...(T)>& /*names*/, const FieldRule& /*rule*/,
            const T&... values) {
    json_ = Json::array();
    (json_.push_back(write(values)), ...);
  }

 private:
  Json json_ = Json::object();
};

// The document itself is "the body" in messages.
template <class T, Layout layout>
T from_json(const Json& json) {
  T value{};
  JsonReader<layout>::read(json, "", value);
  return value;
}
template <Layout layout, class T>
Json to_json(const T& value) {
  return JsonWriter<layout>::write(value);
}

}  // namespace sonde
