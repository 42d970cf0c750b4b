// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

// What CMake puts into the library: the files of web/report and of evaluate/published, unchanged.
namespace sonde {

std::string_view page_asset();       // report.html, with {{places}} to be filled
std::string_view style_asset();      // report.css
std::string_view libraries_asset();  // Vega, Vega-Lite and Vega's interpreter of expressions, with licences
std::string_view script_asset();     // the page's own scripts

// Mazurowski et al. 2023; evaluate/published/README.md.
std::string_view modes_asset();
std::string_view clicks_mean_asset();
std::string_view clicks_sam_asset();
std::string_view clicks_sam_oracle_asset();
std::string_view clicks_ritm_asset();
std::string_view clicks_simpleclick_asset();
std::string_view clicks_focalclick_asset();

}  // namespace sonde
