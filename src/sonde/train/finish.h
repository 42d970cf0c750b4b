// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sonde/train/data.h"
#include "sonde/train/loop.h"

namespace sonde {

// After the last step: measures the best state and the network it started from on the test part and the guard
// sets, and writes test.csv, cases.json, guard.csv, model.safetensors, model.pth, adapter.safetensors and,
// last, card.json and the page of it all, report.html. Returns the card.
ModelCard finish(const RunParts& run, const RunState& state, std::span<const DataOrigin> origins,
                 const std::vector<std::string>& notes);

}  // namespace sonde
