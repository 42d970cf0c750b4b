// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

// What CMake puts into the library: the study's page of web/report, the script of both reports bundled with
// what it imports, and the files of evaluate/published.
namespace sonde {

std::string_view page_asset();      // study.html, with {{places}} to be filled
std::string_view style_asset();     // figures.css and report.css, of both reports
std::string_view licences_asset();  // of what the script holds
std::string_view script_asset();    // the pages' own, Vega and Vega-Lite

// Mazurowski et al. 2023; evaluate/published/README.md.
std::string_view modes_asset();
std::string_view clicks_mean_asset();
std::string_view clicks_sam_asset();
std::string_view clicks_sam_oracle_asset();
std::string_view clicks_ritm_asset();
std::string_view clicks_simpleclick_asset();
std::string_view clicks_focalclick_asset();

}  // namespace sonde
