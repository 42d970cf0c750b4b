// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/report_page.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

#include <nlohmann/json.hpp>

#include "sonde/core/error.h"
#include "sonde/core/json_text.h"

namespace sonde {
namespace {

using Escapes = std::initializer_list<std::pair<char, std::string_view>>;

std::string escaped(std::string_view text, const Escapes& escapes) {
  std::string result;
  result.reserve(text.size() + text.size() / 16);
  for (const char c : text) {
    const auto* found = std::ranges::find(escapes, c, &std::pair<char, std::string_view>::first);
    if (found == escapes.end())
      result += c;
    else
      result += found->second;
  }
  return result;
}

}  // namespace

void ReportPage::fill(std::string_view place, std::string_view text) {
  const std::string marked = "{{" + std::string(place) + "}}";
  const std::size_t at = rest_.find(marked);
  if (at == std::string_view::npos) throw Error(ErrorKind::internal, "the page has no place " + marked);
  filled_ += rest_.substr(0, at);
  filled_ += text;
  rest_.remove_prefix(at + marked.size());
}

std::string ReportPage::taken() { return std::move(filled_ += rest_); }

std::string html_text(const std::string& text) {
  return escaped(parse_json(json_text(nlohmann::json(text))).get<std::string>(),
                 {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}});
}

std::string notice_html(const std::string& notice) {
  return notice.empty() ? "" : "<p class=\"notice\">" + html_text(notice) + "</p>";
}

std::string script_json(const nlohmann::json& data) {
  return escaped(data.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace),
                 {{'<', "\\u003c"}, {'>', "\\u003e"}, {'&', "\\u0026"}});  // which are in strings only
}

nlohmann::json rounded(double value, int decimals) {
  if (!std::isfinite(value)) return nullptr;
  const double scale = std::pow(10.0, decimals);
  const double result = std::round(value * scale) / scale;
  return result == 0 ? 0.0 : result;  // no -0.0
}

}  // namespace sonde
