// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>

#include <nlohmann/json.hpp>

#include "sonde/evaluate/statistics.h"
#include "sonde/evaluate/summary.h"

namespace sonde {

using Json = nlohmann::ordered_json;

// Rounded to six decimals; null for what is not finite.
inline Json json_number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::round(value * 1e6) / 1e6 + 0.0;  // + 0.0: no minus zero
}

inline void add_estimate(Json& object, const Estimate& estimate) {
  object["mean"] = json_number(estimate.mean);
  object["low"] = json_number(estimate.interval.low);
  object["high"] = json_number(estimate.interval.high);
}

// As in summary.json, study.json and the report. Reading throws Json::exception.
Json to_json(const Expected::Label& label);
Json to_json(const Expected& expected);
Expected expected_from(const Json& json);

}  // namespace sonde
