// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/json_fields.h"

#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxText = 4096;                             // bytes of one text on the wire
constexpr std::uint64_t kMaxWireInteger = std::uint64_t{1} << 53;  // what JavaScript counts exactly

}  // namespace

void JsonPlace::refuse(const std::string& fault) const {
  throw Error(ErrorKind::corrupt_data, (at.empty() ? "the body" : at) + fault);
}

void JsonPlace::check(Json::value_t type) const {
  using Type = Json::value_t;
  if (type == Type::number_float ? !json.is_number() : json.type() != type) {
    refuse(type == Type::boolean        ? " must be true or false"
           : type == Type::string       ? " must be a text"
           : type == Type::number_float ? " must be a number"
           : type == Type::array        ? " must be a list"
                                        : " must be an object");
  }
  const bool is_wire = layout == Layout::wire;
  if (is_wire && json.is_string() && json.get_ref<const std::string&>().size() > kMaxText)
    refuse(" is longer than " + std::to_string(kMaxText) + " bytes");
  if (json.is_string() && rule.form != nullptr && !rule.form(json.get_ref<const std::string&>()))
    refuse(" must be " + std::string(rule.note));
  if (is_wire && json.is_number() && rule.range && !(json >= rule.range->min && json <= rule.range->max)) {
    refuse(" must be within " + json_text(Json(rule.range->min)) + " .. " + json_text(Json(rule.range->max)));
  }
}

void JsonPlace::check_whole(bool fits_its_type) const {
  const bool is_wire = layout == Layout::wire;
  if (!fits_its_type || (is_wire && (!json.is_number_unsigned() || json > kMaxWireInteger)))
    refuse(is_wire ? " must be a whole number, 0 or more" : " must be a whole number");
  if (is_wire && rule.range && json > rule.range->max)
    refuse(" may be at most " + std::to_string(static_cast<std::int64_t>(rule.range->max)));
}

std::size_t JsonPlace::word(const Json& words) const {
  if (words[0].is_string()) check(Json::value_t::string);
  const auto found = json.is_number_float() ? words.end() : std::ranges::find(words, json);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string list;
  for (const Json& word : words) list += (list.empty() ? "one of " : ", ") + json_text(word);
  refuse(" must be " + (rule.note.empty() ? list : std::string(rule.note)));
}

JsonPlace JsonPlace::element(std::size_t i) const {
  return {json[i], layout, at + "[" + std::to_string(i) + "]", rule};
}

std::optional<JsonPlace> JsonPlace::field(std::string_view name, const FieldRule& its_rule,
                                          Presence by_type) const {
  check(Json::value_t::object);
  const auto found = json.find(std::string(name));
  const auto presence = its_rule.presence == Presence::by_type ? by_type : its_rule.presence;
  const bool is_absent = found == json.end() || found->is_null();
  if (is_absent && presence != Presence::required) return std::nullopt;
  std::string place = (at.empty() ? "" : at + ".") + std::string(name);
  if (found == json.end()) JsonPlace{json, layout, place}.refuse(" is missing");
  return JsonPlace{*found, layout, std::move(place), its_rule};
}

void JsonPlace::refuse_others(const std::vector<std::string_view>& known) const {
  for (const auto& [name, value] : json.items()) {
    if (std::ranges::find(known, name) == known.end()) refuse(": the field \"" + name + "\" is not known");
  }
}

}  // namespace sonde
