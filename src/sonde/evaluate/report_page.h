// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace sonde {

// A page of web/report with each {{NAME}} once in its place.
class ReportPage {
 public:
  explicit ReportPage(std::string_view html) : rest_(html) {}
  // Places are filled from the top down. Throws Error{internal} for one that is not there.
  void fill(std::string_view place, std::string_view text);
  std::string taken();

 private:
  std::string_view rest_;
  std::string filled_;
};

// Text that shows as itself in HTML. Bytes that are not UTF-8 become U+FFFD.
std::string html_text(const std::string& text);
// A paragraph of class "notice"; nothing for nothing.
std::string notice_html(const std::string& notice);

// JSON that can stand in a script element: no markup, ASCII only. Bytes that are not UTF-8 become U+FFFD.
std::string script_json(const nlohmann::json& data);

// Rounded to `decimals`; null for infinite and not-a-number.
nlohmann::json rounded(double value, int decimals);

}  // namespace sonde
