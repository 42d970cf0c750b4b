// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "records.h"

#include "sonde/predict/sam_model.h"

namespace sonde::bench {

struct AskOptions {
  std::int64_t objects = 12;      // an image, spread evenly over those it has, so that no data set outweighs
  std::int64_t min_area_px = 25;  // smaller objects are left out
};

// Asks for the objects of data sets with every kind of prompt. An object is a connected region of a label,
// what a person who clicks on it has in mind.
std::vector<Record> ask_for_objects(const SamModel& model, std::span<const std::filesystem::path> data,
                                    const AskOptions& options);

}  // namespace sonde::bench
