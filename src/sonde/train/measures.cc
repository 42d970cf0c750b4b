// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/measures.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>
#include <tuple>
#include <utility>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/random.h"
#include "sonde/evaluate/bootstrap.h"
#include "sonde/evaluate/csv.h"

namespace sonde {
namespace {

// Sums of values by picture, for a mean with an interval.
template <std::size_t Values>
class Means {
 public:
  void add(std::size_t picture, const std::array<double, Values>& values) {
    ClusterSums<Values>& sums = sums_[picture];
    for (std::size_t i = 0; i < Values; ++i) sums.sums[i] += values[i];
    sums.objects += 1;
  }
  std::array<Estimate, Values> estimates(BootstrapCache& cache) const {
    std::vector<ClusterSums<Values>> sums;
    ClusterSums<Values> total;
    for (const auto& [picture, of_picture] : sums_) {
      sums.push_back(of_picture);
      for (std::size_t i = 0; i < Values; ++i) total.sums[i] += of_picture.sums[i];
      total.objects += of_picture.objects;
    }
    const auto intervals = cache.samples(sums.size()).mean_intervals(sums);
    std::array<Estimate, Values> estimates;
    for (std::size_t i = 0; i < Values; ++i)
      estimates[i] = {total.sums[i] / total.objects, intervals[i], static_cast<std::int64_t>(total.objects)};
    return estimates;
  }

 private:
  std::map<std::size_t, ClusterSums<Values>> sums_;
};

using SetAndPrompt = std::pair<std::string, CheckPrompt>;
std::map<SetAndPrompt, std::vector<const Measured*>> grouped(std::span<const Measured> measured,
                                                             std::span<const TrainPicture> pictures) {
  std::map<SetAndPrompt, std::vector<const Measured*>> groups;
  for (const Measured& one : measured) groups[{pictures[one.picture].dataset, one.prompt}].push_back(&one);
  return groups;
}

std::string number(double value) {
  if (!std::isfinite(value)) return "";
  std::string text = std::to_string(value);  // six decimals
  return text == "-0.000000" ? "0.000000" : text;
}

constexpr std::array<std::string_view, 10> kColumns{
    "step", "dataset", "part", "prompt", "choice", "n", "iou", "iou_low", "iou_high", "predicted_iou_error"};

CardMeasure card_measure(const SetAndPrompt& group, CheckChoice choice, const Estimate& iou, double error) {
  return {group.first,
          std::string(to_string(group.second)),
          std::string(to_string(choice)),
          iou.n,
          iou.mean,
          iou.interval.low,
          iou.interval.high,
          error};
}

}  // namespace

std::vector<MeasureRow> measure_rows(std::int64_t step, SplitPart part, std::span<const Measured> measured,
                                     std::span<const TrainPicture> pictures, const AnswerRules& rules,
                                     std::uint64_t seed) {
  BootstrapCache cache(seed, kBootstrapDraws);
  std::vector<MeasureRow> rows;
  for (const auto& [group, of_group] : grouped(measured, pictures)) {
    Means<kCheckChoices> iou, error;
    for (const Measured* one : of_group) {
      std::array<double, kCheckChoices> ious{}, errors{};
      for (std::size_t choice = 0; choice < kCheckChoices; ++choice) {
        const std::size_t place = chosen(*one, static_cast<CheckChoice>(choice), rules);
        ious.at(choice) = one->iou.at(place);
        errors.at(choice) = quality_error(*one, place);
      }
      iou.add(one->picture, ious);
      error.add(one->picture, errors);
    }
    const auto ious = iou.estimates(cache), errors = error.estimates(cache);
    for (std::size_t choice = 0; choice < kCheckChoices; ++choice)
      rows.push_back({step, group.first, part, group.second, static_cast<CheckChoice>(choice),
                      ious.at(choice), errors.at(choice).mean});
  }
  return rows;
}

std::string measure_csv(std::span<const MeasureRow> rows) {
  std::string text;
  for (const std::string_view column : kColumns)
    text += std::string(text.empty() ? "" : ",") + std::string(column);
  text += '\n';
  for (const MeasureRow& row : rows) {
    text += std::to_string(row.step) + ',';
    append_csv_field(text, row.dataset);
    for (const std::string_view word : {to_string(row.part), to_string(row.prompt), to_string(row.choice)})
      text += ',' + std::string(word);
    text += ',' + std::to_string(row.iou.n);
    for (const double value :
         {row.iou.mean, row.iou.interval.low, row.iou.interval.high, row.predicted_iou_error})
      text += ',' + number(value);
    text += '\n';
  }
  return text;
}

std::vector<MeasureRow> read_measure_csv(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  const auto* text = reinterpret_cast<const char*>(mapped.bytes().data());  // NOLINT: bytes as text
  CsvReader reader(file.string(), {text, mapped.bytes().size()}, kColumns);
  const auto number_or_none = [&](std::size_t column) {
    return reader.text(column).empty() ? kNoInterval.low : reader.number(column);
  };
  std::vector<MeasureRow> rows;
  while (reader.next()) {
    const auto part = from_word<SplitPart>(reader.text(2));
    const auto prompt = from_word<CheckPrompt>(reader.text(3));
    const auto choice = from_word<CheckChoice>(reader.text(4));
    if (!part || !prompt || !choice) reader.fail("a part, prompt or choice that is not known");
    constexpr std::int64_t kMax = std::int64_t{1} << 53;
    rows.push_back({reader.integer(0, 0, kMax),
                    reader.text(1),
                    *part,
                    *prompt,
                    *choice,
                    {reader.number(6), {number_or_none(7), number_or_none(8)}, reader.integer(5, 0, kMax)},
                    reader.number(9)});
  }
  return rows;
}

double mean_of_prompt(CheckPrompt prompt, std::span<const Measured> measured,
                      std::span<const TrainPicture> pictures, CheckChoice choice, const AnswerRules& rules) {
  struct Sum {
    double sum = 0, count = 0;
  };
  std::map<std::string, Sum> sets;
  for (const Measured& one : measured) {
    if (one.prompt != prompt) continue;
    Sum& set = sets[pictures[one.picture].dataset];
    set.sum += one.iou.at(chosen(one, choice, rules));
    ++set.count;
  }
  double sum = 0;
  for (const auto& [name, set] : sets) sum += set.sum / set.count;
  return sets.empty() ? 0 : sum / static_cast<double>(sets.size());
}

double mean_over_prompts(std::span<const Measured> measured, std::span<const TrainPicture> pictures,
                         const AnswerRules& rules) {
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < kCheckPrompts; ++i) {
    const auto prompt = static_cast<CheckPrompt>(i);
    if (std::ranges::find(measured, prompt, &Measured::prompt) == measured.end()) continue;
    sum += mean_of_prompt(prompt, measured, pictures, CheckChoice::card, rules);
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

double chance_of_gain(std::span<const double> gain_of_picture, std::uint64_t seed) {
  constexpr std::size_t kExact = 12, kDrawn = 4000;
  const std::size_t count = gain_of_picture.size();
  const double seen = std::accumulate(gain_of_picture.begin(), gain_of_picture.end(), 0.0);
  const std::size_t ways = count <= kExact ? std::size_t{1} << count : kDrawn;
  Random random(seed);
  std::size_t as_high = count <= kExact ? 0 : 1;  // what was seen is one of the ways
  for (std::size_t way = 0; way < ways; ++way) {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const bool turned = count <= kExact ? (way >> i & 1) != 0 : random.below(2) != 0;
      sum += turned ? -gain_of_picture[i] : gain_of_picture[i];
    }
    if (sum >= seen - 1e-12) ++as_high;
  }
  return static_cast<double>(as_high) / static_cast<double>(count <= kExact ? ways : ways + 1);
}

namespace {

// Of one kind of prompt, on the pictures where it was measured.
AnswerRule best_rule(std::span<const Measured> measured, PromptKind kind, AnswerRule before,
                     std::uint64_t seed) {
  constexpr double kEqual = 0.005, kNoise = 0.05;
  constexpr std::size_t kRules = words(AnswerRule{}).list.size();
  struct Gain {
    double sum = 0;
    bool is_real = false;
  };
  std::array<Gain, kRules> gains{};
  double best = 0, count = 0;
  for (std::size_t rule = 0; rule < kRules; ++rule) {
    std::map<std::size_t, double> of_picture;
    count = 0;
    for (const Measured& one : measured) {
      if (kind_of(one.prompt) != kind) continue;
      of_picture[one.picture] +=
          one.iou.at(chosen(one, static_cast<AnswerRule>(rule))) - one.iou.at(chosen(one, before));
      ++count;
    }
    std::vector<double> values;
    for (const auto& [picture, gain] : of_picture) values.push_back(gain);
    Gain& gain = gains.at(rule);
    gain.sum = std::accumulate(values.begin(), values.end(), 0.0);
    gain.is_real = gain.sum > 0 && chance_of_gain(values, seed) * static_cast<double>(kRules - 1) <= kNoise;
    if (gain.is_real) best = std::max(best, gain.sum);
  }
  for (std::size_t rule = 0; rule < kRules; ++rule)
    if (gains.at(rule).is_real && gains.at(rule).sum >= best - kEqual * count)
      return static_cast<AnswerRule>(rule);
  return before;
}

}  // namespace

AnswerRules best_rules(std::span<const Measured> measured, const AnswerRules& before, std::uint64_t seed) {
  AnswerRules rules = before;
  for (std::size_t i = 0; i < kPromptKinds; ++i) {
    const auto kind = static_cast<PromptKind>(i);
    rules[kind] = best_rule(measured, kind, before[kind], seed);
  }
  return rules;
}

namespace {

// Over the prompts of one data set and choice.
void adjust(std::vector<CardComparison>& comparisons) {
  std::map<std::pair<std::string, std::string>, std::vector<CardComparison*>> families;
  for (CardComparison& one : comparisons) families[{one.after.dataset, one.after.choice}].push_back(&one);
  for (const auto& [name, family] : families) {
    std::vector<double> p_values;
    for (const CardComparison* one : family) p_values.push_back(one->p);
    const std::vector<double> adjusted = holm(p_values);
    for (std::size_t i = 0; i < family.size(); ++i) family[i]->p = adjusted[i];
  }
}

}  // namespace

std::vector<CardComparison> comparisons(const Side& before, const Side& after,
                                        std::span<const TrainPicture> pictures, std::uint64_t seed) {
  BootstrapCache cache(seed, kBootstrapDraws);
  const auto groups_before = grouped(before.measured, pictures),
             groups_after = grouped(after.measured, pictures);
  std::vector<CardComparison> all;
  for (const CheckChoice choice : {CheckChoice::card, CheckChoice::oracle}) {
    for (const auto& [group, of_after] : groups_after) {
      const auto found = groups_before.find(group);
      if (found == groups_before.end() || found->second.size() != of_after.size()) continue;
      Means<4> means;  // IoU before and after, error before and after
      std::vector<double> differences;
      for (std::size_t i = 0; i < of_after.size(); ++i) {
        const Measured &b = *found->second[i], &a = *of_after[i];
        const std::size_t at_b = chosen(b, choice, before.rules), at_a = chosen(a, choice, after.rules);
        means.add(a.picture,
                  {b.iou.at(at_b), a.iou.at(at_a), quality_error(b, at_b), quality_error(a, at_a)});
        differences.push_back(a.iou.at(at_a) - b.iou.at(at_b));
      }
      const auto of = means.estimates(cache);
      all.push_back({card_measure(group, choice, of[0], of[2].mean),
                     card_measure(group, choice, of[1], of[3].mean), wilcoxon_p(differences)});
    }
  }
  adjust(all);
  return all;
}

std::vector<CardClass> class_measures(std::span<const ClassSeen> seen, const std::vector<std::string>& names,
                                      std::uint64_t seed) {
  BootstrapCache cache(seed, kBootstrapDraws);
  std::vector<CardClass> classes;
  for (std::size_t i = 0; i < names.size(); ++i) {
    CardClass& one = classes.emplace_back();
    one.name = names[i];
    Means<1> iou;
    double found = 0, found_absent = 0;
    for (const ClassSeen& of : seen) {
      if (of.class_index != static_cast<int>(i)) continue;
      ++(of.present ? one.n : one.n_absent);
      (of.present ? found : found_absent) += of.found ? 1 : 0;
      if (of.present) iou.add(of.picture, {of.iou});
    }
    if (one.n_absent > 0) one.found_absent = found_absent / static_cast<double>(one.n_absent);
    if (one.n == 0) continue;
    one.found = found / static_cast<double>(one.n);
    const Estimate estimate = iou.estimates(cache)[0];
    one.iou = estimate.mean;
    const bool known = std::isfinite(estimate.interval.low);
    one.iou_low = known ? estimate.interval.low : 0;
    one.iou_high = known ? estimate.interval.high : 1;
  }
  return classes;
}

}  // namespace sonde
