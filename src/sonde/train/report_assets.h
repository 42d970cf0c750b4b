// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

// What CMake puts into the library beside what evaluate/report_assets.h declares, the script among it.
namespace sonde {

std::string_view training_page_asset();   // training.html of web/report, with {{places}} to be filled
std::string_view training_style_asset();  // training.css, which goes behind the style of both reports

}  // namespace sonde
