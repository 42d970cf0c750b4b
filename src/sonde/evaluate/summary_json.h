// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>

#include "sonde/core/json_fields.h"
#include "sonde/evaluate/statistics.h"
#include "sonde/evaluate/summary.h"

namespace sonde {

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

}  // namespace sonde
