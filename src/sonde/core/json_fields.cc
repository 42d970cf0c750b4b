// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/json_fields.h"

#include "sonde/core/error.h"
#include "sonde/core/json_text.h"

namespace sonde::fields {
namespace {

constexpr std::size_t kMaxText = 4096;  // bytes of one text on the wire

std::string named(const std::string& at) { return at.empty() ? "the body" : at; }

}  // namespace

void refuse(const std::string& message) { throw Error(ErrorKind::corrupt_data, message); }

std::string inside(const std::string& at, std::string_view name) {
  return (at.empty() ? "" : at + ".") + std::string(name);
}

const Json* find(const Json& object, const std::string& at, std::string_view name) {
  if (!object.is_object()) refuse(named(at) + " must be an object");
  const auto found = object.find(std::string(name));
  return found == object.end() ? nullptr : &*found;
}

void refuse_unknown(const Json& object, const std::string& at, std::span<const std::string_view> known) {
  if (!object.is_object()) refuse(named(at) + " must be an object");
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::find(known, name) == known.end())
      refuse(named(at) + ": the field \"" + name + "\" is not known");
  }
}

std::string text(const Json& json, const std::string& at, const FieldRule& rule, Layout layout) {
  if (!json.is_string()) refuse(at + " must be a text");
  const auto& text = json.get_ref<const std::string&>();
  if (layout == Layout::wire && text.size() > kMaxText)
    refuse(at + " is longer than " + std::to_string(kMaxText) + " bytes");
  if (rule.form != nullptr && !rule.form(text)) refuse(at + " must be " + std::string(rule.note));
  return text;
}

double number(const Json& json, const std::string& at, const FieldRule& rule, Layout layout) {
  if (!json.is_number()) refuse(at + " must be a number");
  const auto number = json.get<double>();
  if (layout == Layout::wire && rule.range && !(number >= rule.range->min && number <= rule.range->max)) {
    refuse(at + " must be within " + json_text(Json(rule.range->min)) + " .. " +
           json_text(Json(rule.range->max)));
  }
  return number;
}

bool flag(const Json& json, const std::string& at) {
  if (!json.is_boolean()) refuse(at + " must be true or false");
  return json.get<bool>();
}

std::string listed(const Json& words) {
  std::string list;
  for (const Json& word : words) list += (list.empty() ? "" : ", ") + json_text(word);
  return list;
}

}  // namespace sonde::fields
