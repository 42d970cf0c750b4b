// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/strict_json.h"

#include <set>
#include <utility>
#include <vector>

#include "sonde/core/json_text.h"

namespace sonde {
namespace {

constexpr int kMaxDepth = 16;

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

}  // namespace sonde
