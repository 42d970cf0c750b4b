// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/report.h"

#include "sonde/core/durable_file.h"
#include "sonde/evaluate/report_assets.h"
#include "sonde/evaluate/report_page.h"
#include "sonde/train/report_assets.h"
#include "sonde/train/report_parts.h"

namespace sonde {
namespace {

std::string title_of(const RunFiles& run, const std::filesystem::path& folder) {
  return run.card && !run.card->name.empty() ? run.card->name
                                             : std::filesystem::weakly_canonical(folder).filename().string();
}

}  // namespace

void write_training_report(const std::filesystem::path& folder) {
  const RunFiles run = read_run_files(folder);
  const std::string title = html_text(title_of(run, folder));
  ReportPage page(training_page_asset());
  page.fill("TITLE", title);
  page.fill("STYLE", style_asset());
  page.fill("OWN_STYLE", training_style_asset());
  page.fill("HEADING", title);
  page.fill("HEADLINE", html_text(training_headline(run)));
  page.fill("DATA", script_json(training_page_json(run)));
  page.fill("LICENCES", licences_asset());
  page.fill("SCRIPT", script_asset());
  write_durably(folder / "report.html", page.taken());
}

}  // namespace sonde
