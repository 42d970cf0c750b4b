// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "records.h"

namespace sonde::bench {

// Tables of Markdown, all of mean IoU with the truth (over data sets of the mean over prompts):
//   each rule by kind of prompt; rules with parameters are fitted to the other data sets, for each in turn
//   of each kind of prompt what is gained over the most confident candidate, with a 95 % interval (bootstrap
//   over pictures within data sets), and for which share of prompts that is the worst of the three
//   each kind of prompt by data set
std::string compare_rules(std::span<const Record> records);

}  // namespace sonde::bench
