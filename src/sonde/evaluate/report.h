// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sonde/evaluate/results.h"
#include "sonde/evaluate/summary.h"
#include "sonde/imaging/picture.h"

namespace sonde {

// What one row of the results looks like.
struct CasePicture {
  RgbImage image;
  Mask truth, prediction;
};

struct ReportInput {
  std::string title;                                       // "brain, aal: mobile-sam"
  std::vector<std::pair<std::string, std::string>> facts;  // model, weights, window, seed, command line, ...
  std::vector<ResultRow> rows;                             // sorted as comes_before
  Summary summary;
  std::vector<StudyFailure> failures;
  std::string notice{};  // one plain sentence shown first: "Stopped before the end: partial results."
  // The picture of a row of Level::slice; absent where it cannot be had any more.
  std::function<std::optional<CasePicture>(const ResultRow&)> picture;
};

// One HTML page that needs nothing else and asks the network for nothing: tables with intervals, plots, best,
// median and worst cases, failures, and the paper's published figures beside them. Equal input gives equal
// bytes.
std::string report_html(const ReportInput& input);

}  // namespace sonde
