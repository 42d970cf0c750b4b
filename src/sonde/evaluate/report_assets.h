// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

// What CMake puts into the library: the page of web/report, its script bundled with what it imports, and the
// files of evaluate/published.
namespace sonde {

std::string_view page_asset();      // report.html, with {{places}} to be filled
std::string_view style_asset();     // report.css
std::string_view licences_asset();  // of what the script holds
std::string_view script_asset();    // the page's own, Vega and Vega-Lite

// Mazurowski et al. 2023; evaluate/published/README.md.
std::string_view modes_asset();
std::string_view clicks_mean_asset();
std::string_view clicks_sam_asset();
std::string_view clicks_sam_oracle_asset();
std::string_view clicks_ritm_asset();
std::string_view clicks_simpleclick_asset();
std::string_view clicks_focalclick_asset();

}  // namespace sonde
