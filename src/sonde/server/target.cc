// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/target.h"

#include <algorithm>
#include <charconv>

#include "sonde/server/http_message.h"

namespace sonde {
namespace {

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2 || value == 0)
      throw malformed("the address has a % that two hexadecimal digits do not follow");
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

void add_query(Target& target, std::string_view text) {
  for (const std::string_view part : split(text, '&')) {
    const auto equals = part.find('=');
    const std::string name = percent_decoded(part.substr(0, equals));
    const std::string value =
        equals == std::string_view::npos ? "" : percent_decoded(part.substr(equals + 1));
    if (name.empty()) throw malformed("the address has a query without a name");
    if (!target.query.emplace(name, value).second)
      throw malformed("\"" + name + "\" comes twice in the address");
  }
}

}  // namespace

Target parse_target(std::string_view text) {
  const auto visible = [](char c) { return c > ' ' && c < 0x7F; };
  if (text.empty() || text.front() != '/' || !std::all_of(text.begin(), text.end(), visible))
    throw malformed("the address must be a path of visible ASCII");
  Target target;
  const auto question = text.find('?');
  target.path = text.substr(0, question);
  if (target.path != "/") {
    for (const std::string_view segment : split(std::string_view(target.path).substr(1), '/')) {
      if (segment.empty() || segment == "." || segment == "..")
        throw malformed("the address has an empty part, \".\" or \"..\"");
      target.segments.emplace_back(segment);
    }
  }
  if (question != std::string_view::npos) add_query(target, text.substr(question + 1));
  return target;
}

void check_query(const Target& target, const std::vector<std::string_view>& names) {
  for (const auto& [name, value] : target.query) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw malformed("the query \"" + name + "\" is not known");
  }
}

std::string query_text(const Target& target, std::string_view name) {
  const auto found = target.query.find(name);
  if (found == target.query.end()) throw malformed("the query " + std::string(name) + " is missing");
  return found->second;
}

std::int64_t query_whole(const Target& target, std::string_view name) {
  const auto number = integer(query_text(target, name));
  if (!number) throw malformed("the query " + std::string(name) + " must be a whole number, 0 or more");
  return *number;
}

std::optional<std::int64_t> maybe_query_whole(const Target& target, std::string_view name) {
  return target.query.contains(name) ? std::optional(query_whole(target, name)) : std::nullopt;
}

std::optional<std::int64_t> integer(std::string_view text) {
  constexpr std::int64_t kMax = std::int64_t{1} << 53;
  if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value > kMax) return std::nullopt;
  return value;
}

}  // namespace sonde
