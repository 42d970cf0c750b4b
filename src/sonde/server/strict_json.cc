// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/strict_json.h"

#include <utility>
#include <vector>

#include "sonde/core/json_text.h"

namespace sonde {
namespace {

constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxText = 4096;                         // bytes of one text
constexpr std::uint64_t kMaxInteger = std::uint64_t{1} << 53;  // what JavaScript counts exactly

std::string number_text(double value) { return json_text(Json(value)); }

// What the library would let pass: the last of two fields of one name, any depth.
class Watch {
 public:
  bool operator()(int depth, Json::parse_event_t event, const Json& value) {
    if (depth > kMaxDepth) throw malformed("the JSON is nested more than 16 deep");
    if (event == Json::parse_event_t::object_start) names_.emplace_back();
    if (event == Json::parse_event_t::object_end) names_.pop_back();
    if (event == Json::parse_event_t::key && !names_.back().insert(value.get<std::string>()).second)
      throw malformed("the field \"" + value.get<std::string>() + "\" comes twice");
    return true;
  }

 private:
  std::vector<std::set<std::string>> names_;
};

}  // namespace

Json parse_strictly(std::string_view text) {
  Watch watch;
  const auto callback = [&watch](int depth, Json::parse_event_t event, Json& value) {
    return watch(depth, event, value);
  };
  try {
    return Json::parse(text, callback);
  } catch (const Json::parse_error& error) {
    throw malformed("the body is not JSON: byte " + std::to_string(error.byte));
  } catch (const Json::exception&) {  // a number beyond double
    throw malformed("the body holds a number that is too large");
  }
}

std::string text_from(const Json& value, const std::string& where) {
  if (!value.is_string()) throw malformed(where + " must be a text");
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() > kMaxText) throw malformed(where + " is longer than 4096 bytes");
  return text;
}

std::int64_t integer_from(const Json& value, const std::string& where) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() <= kMaxInteger)
    return value.get<std::int64_t>();
  throw malformed(where + " must be a whole number, 0 or more");
}

double number_from(const Json& value, const std::string& where, NumberRange range) {
  if (!value.is_number()) throw malformed(where + " must be a number");
  const auto number = value.get<double>();
  if (!(number >= range.min && number <= range.max))
    throw malformed(where + " must be within " + number_text(range.min) + " .. " + number_text(range.max));
  return number;
}

bool flag_from(const Json& value, const std::string& where) {
  if (!value.is_boolean()) throw malformed(where + " must be true or false");
  return value.get<bool>();
}

Fields::Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is_object()) throw malformed((where_.empty() ? "the body" : where_) + " must be an object");
}

const Json& Fields::at(const char* name) {
  asked_.insert(name);
  const auto found = object_.find(name);
  if (found == object_.end()) throw malformed(path(name) + " is missing");
  return *found;
}

const Json* Fields::find(const char* name) {
  asked_.insert(name);
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::string Fields::text(const char* name) { return text_from(at(name), path(name)); }
std::int64_t Fields::integer(const char* name) { return integer_from(at(name), path(name)); }
double Fields::number(const char* name, NumberRange range) {
  return number_from(at(name), path(name), range);
}
bool Fields::flag(const char* name) { return flag_from(at(name), path(name)); }

std::optional<std::string> Fields::maybe_text(const char* name) {
  const Json* value = find(name);
  return value == nullptr ? std::nullopt : std::optional(text_from(*value, path(name)));
}
std::optional<std::int64_t> Fields::optional_integer(const char* name) {
  const Json* value = find(name);
  return value == nullptr ? std::nullopt : std::optional(integer_from(*value, path(name)));
}
std::optional<double> Fields::maybe_number(const char* name, NumberRange range) {
  const Json* value = find(name);
  return value == nullptr ? std::nullopt : std::optional(number_from(*value, path(name), range));
}
std::optional<bool> Fields::maybe_flag(const char* name) {
  const Json* value = find(name);
  return value == nullptr ? std::nullopt : std::optional(flag_from(*value, path(name)));
}

void Fields::each(const char* name, const std::function<void(const Json&, const std::string&)>& read) {
  const Json& list = at(name);
  if (!list.is_array()) throw malformed(path(name) + " must be a list");
  std::size_t i = 0;
  for (const Json& element : list) read(element, path(name) + "[" + std::to_string(i++) + "]");
}

void Fields::finish() const {
  for (const auto& [name, value] : object_.items()) {
    if (!asked_.contains(name))
      throw malformed((where_.empty() ? "the body" : where_) + ": the field \"" + name + "\" is not known");
  }
}

}  // namespace sonde
