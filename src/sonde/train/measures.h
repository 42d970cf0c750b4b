// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sonde/evaluate/statistics.h"
#include "sonde/train/checks.h"
#include "sonde/weights/model_card.h"

namespace sonde {

// A line of validation.csv.
struct MeasureRow {
  std::int64_t step = 0;
  std::string dataset;
  SplitPart part = SplitPart::validation;
  CheckPrompt prompt = CheckPrompt::point;
  CheckChoice choice = CheckChoice::card;
  Estimate iou;                    // over objects, the interval by picture
  double predicted_iou_error = 0;  // mean of |predicted - true|
};
// Of every data set, prompt and choice that was measured. rules: what CheckChoice::card stands for.
std::vector<MeasureRow> measure_rows(std::int64_t step, SplitPart part, std::span<const Measured> measured,
                                     std::span<const TrainPicture> pictures, const AnswerRules& rules,
                                     std::uint64_t seed);
// dataset,... with six decimals; intervals of a single picture are empty.
std::string measure_csv(std::span<const MeasureRow> rows);
std::vector<MeasureRow> read_measure_csv(const std::filesystem::path& file);

// What decides which state is the best: the mean, over the prompts that were measured, of the mean over data
// sets of the mean IoU of what `rules` take.
double mean_over_prompts(std::span<const Measured> measured, std::span<const TrainPicture> pictures,
                         const AnswerRules& rules);
// The same of one prompt.
double mean_of_prompt(CheckPrompt prompt, std::span<const Measured> measured,
                      std::span<const TrainPicture> pictures, CheckChoice choice, const AnswerRules& rules);

// The chance to see a mean as high, or higher, if each picture's sum of gains were as likely to be a loss: by
// all ways to turn signs round for up to 12 pictures, else by 4000 drawn ones. Source: Fisher 1935,
// randomization test; by picture, for its objects are alike.
double chance_of_gain(std::span<const double> gain_of_picture, std::uint64_t seed);

// For each kind of prompt the rule that is best on what was measured. Another rule than that of `before`
// replaces it where its gain is more than noise: chance_of_gain is at most 0.05, shared among the four other
// rules (Bonferroni), which takes seven pictures at least. Of several such the best; within 0.005 of it, the
// first of AnswerRule.
AnswerRules best_rules(std::span<const Measured> measured, const AnswerRules& before, std::uint64_t seed);

// Before and after for each data set and prompt of the same objects, by each network's own rules, and by the
// oracle; p: Wilcoxon's signed-rank test, Holm's correction over the
// prompts of a data set and choice.
struct Side {
  std::span<const Measured> measured;
  AnswerRules rules;
};
std::vector<CardComparison> comparisons(const Side& before, const Side& after,
                                        std::span<const TrainPicture> pictures, std::uint64_t seed);

// How well each class is found by its name.
std::vector<CardClass> class_measures(std::span<const ClassSeen> seen, const std::vector<std::string>& names,
                                      std::uint64_t seed);

}  // namespace sonde
