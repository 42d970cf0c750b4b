// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/report.h"

#include "sonde/evaluate/report_assets.h"
#include "sonde/evaluate/report_index.h"
#include "sonde/evaluate/report_page.h"
#include "sonde/evaluate/report_parts.h"

namespace sonde {

std::string report_html(const ReportInput& input) {
  const ReportIndex index(input);
  nlohmann::json data = report_tables(input, index);
  data["series"] = report_series(input.rows, index);
  data["cases"] = report_cases(input, index);
  const std::string title = html_text(input.title);
  ReportPage page(page_asset());
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
