// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sonde/evaluate/report_index.h"

namespace sonde {

// The study in one sentence: the best described box mode and the last click, with the objects scored.
std::string report_headline(const ReportInput& input, const ReportIndex& index);

// What tables and curves show; the shapes are told in web/report/src/data.ts.
nlohmann::json report_tables(const ReportInput& input, const ReportIndex& index);

}  // namespace sonde
