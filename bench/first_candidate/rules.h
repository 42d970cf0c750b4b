// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "records.h"

#include "sonde/imaging/answer_rule.h"

namespace sonde::bench {

// The IoU of the answer that a rule takes of those in a record.
using Rule = std::function<double(const Record&)>;

// One way to choose, with each value that its parameters may have; a fixed one has one member.
struct RuleFamily {
  std::string name;
  std::vector<Rule> members;
};
Rule candidate_rule(std::size_t k);
Rule most_confident_rule();
Rule fixed_rule(AnswerRule rule);
// What sonde's rules go by (imaging/answer_rule.h).
PromptKind kind_of(Situation situation);
Rule chosen_rule();  // the default of those
Rule best_of_three();
std::vector<RuleFamily> rule_families();

}  // namespace sonde::bench
