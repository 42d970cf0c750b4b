// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/report.h"

#include <algorithm>
#include <initializer_list>

#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/evaluate/report_assets.h"
#include "sonde/evaluate/report_index.h"
#include "sonde/evaluate/report_parts.h"

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

std::string html_text(std::string_view text) {
  return escaped(text, {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}});
}

// JSON that can stand in a script element: no markup, ASCII only. Bytes that are not UTF-8 become U+FFFD.
std::string script_json(const nlohmann::json& data) {
  return escaped(data.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace),
                 {{'<', "\\u003c"}, {'>', "\\u003e"}, {'&', "\\u0026"}});  // which are in strings only
}

// Text that shows as itself even where a label held bytes that are not UTF-8.
std::string valid_utf8(const std::string& text) {
  return parse_json(json_text(nlohmann::json(text))).get<std::string>();
}

std::string notice_html(const std::string& notice) {
  return notice.empty() ? "" : "<p class=\"notice\">" + html_text(valid_utf8(notice)) + "</p>";
}

// The page with each {{NAME}} once in its place.
class Template {
 public:
  explicit Template(std::string_view text) : rest_(text) {}
  // Places are filled from the top down.
  void fill(std::string_view place, std::string_view text) {
    const std::string marked = "{{" + std::string(place) + "}}";
    const std::size_t at = rest_.find(marked);
    if (at == std::string_view::npos) throw Error(ErrorKind::internal, "report.html has no place " + marked);
    filled_ += rest_.substr(0, at);
    filled_ += text;
    rest_.remove_prefix(at + marked.size());
  }
  std::string taken() { return std::move(filled_ += rest_); }

 private:
  std::string_view rest_;
  std::string filled_;
};

}  // namespace

std::string report_html(const ReportInput& input) {
  const ReportIndex index(input);
  nlohmann::json data = report_tables(input, index);
  data["series"] = report_series(input.rows, index);
  data["cases"] = report_cases(input, index);
  const std::string title = html_text(valid_utf8(input.title));
  Template page(page_asset());
  page.fill("TITLE", title);
  page.fill("STYLE", style_asset());
  page.fill("HEADING", title);
  page.fill("HEADLINE", html_text(report_headline(input, index)));
  page.fill("NOTICE", notice_html(input.notice));
  page.fill("DATA", script_json(data));
  page.fill("LICENCES", licences_asset());
  page.fill("SCRIPT", script_asset());
  return page.taken();
}

}  // namespace sonde
