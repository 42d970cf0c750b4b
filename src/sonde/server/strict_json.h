// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "sonde/server/http_message.h"

// JSON from elsewhere, read without guessing: whatever is not exactly as expected is refused with 400.
namespace sonde {

using Json = nlohmann::ordered_json;

// Throws RefusedRequest for what is not JSON (RFC 8259), for a field that comes twice, for depth above 16.
Json parse_strictly(std::string_view text);

struct NumberRange {
  double min = 0, max = 0;
};

// The fields of an object, each asked for by name; the end refuses those that nobody asked for. `where` names
// the object in messages: "action". All functions throw RefusedRequest.
class Fields {
 public:
  Fields(const Json& object, std::string where);

  const Json& at(const char* name);
  // Null or left out: nothing.
  const Json* find(const char* name);

  std::string text(const char* name);
  std::int64_t integer(const char* name);  // 0 .. 2^53
  double number(const char* name, NumberRange range);
  bool flag(const char* name);
  std::optional<std::string> maybe_text(const char* name);
  std::optional<std::int64_t> optional_integer(const char* name);
  std::optional<double> maybe_number(const char* name, NumberRange range);
  std::optional<bool> maybe_flag(const char* name);
  // Calls `read` with each element and its name ("points[3]").
  void each(const char* name, const std::function<void(const Json&, const std::string&)>& read);

  void finish() const;
  std::string path(const char* name) const { return where_.empty() ? name : where_ + "." + name; }

 private:
  const Json& object_;
  std::string where_;
  std::set<std::string, std::less<>> asked_;
};

// One value, named in messages by `where`.
std::string text_from(const Json& value, const std::string& where);
std::int64_t integer_from(const Json& value, const std::string& where);
double number_from(const Json& value, const std::string& where, NumberRange range);
bool flag_from(const Json& value, const std::string& where);

}  // namespace sonde
