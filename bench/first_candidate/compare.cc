// SPDX-License-Identifier: Apache-2.0
#include "compare.h"

#include <algorithm>
#include <iomanip>
#include <map>
#include <numeric>
#include <sstream>
#include <utility>

#include "rules.h"

#include "sonde/core/random.h"
#include "sonde/evaluate/bootstrap.h"

namespace sonde::bench {
namespace {

constexpr int kDraws = 2000;

// Sums over the prompts of one picture.
struct PictureSum {
  double sum = 0, prompts = 0;
};
using DataSetSums = std::vector<PictureSum>;         // by picture
using SetSums = std::map<std::string, DataSetSums>;  // by data set
using Pictures = std::vector<std::vector<const Record*>>;
using SetPictures = std::map<std::string, Pictures>;

SetPictures by_picture(std::span<const Record> records, Situation kind) {
  std::map<std::pair<std::string, std::string>, std::vector<const Record*>> pictures;
  for (const Record& record : records) {
    if (record.kind == kind) pictures[{record.dataset, record.image}].push_back(&record);
  }
  SetPictures sets;
  for (auto& [name, of_picture] : pictures) sets[name.first].push_back(std::move(of_picture));
  return sets;
}

DataSetSums sums_of(const Pictures& pictures, const Rule& rule) {
  DataSetSums sums;
  for (const auto& picture : pictures) {
    PictureSum& sum = sums.emplace_back();
    for (const Record* record : picture) sum.sum += rule(*record);
    sum.prompts = static_cast<double>(picture.size());
  }
  return sums;
}

double mean(const DataSetSums& sums) {
  PictureSum all;
  for (const PictureSum& sum : sums) all = {all.sum + sum.sum, all.prompts + sum.prompts};
  return all.sum / all.prompts;
}

double mean(const SetSums& sets) {
  const double total = std::accumulate(sets.begin(), sets.end(), 0.0,
                                       [](double sum, const auto& set) { return sum + mean(set.second); });
  return total / static_cast<double>(sets.size());
}

double mean_over_prompts(const SetSums& sets) {
  DataSetSums all;
  for (const auto& [name, sums] : sets) all.insert(all.end(), sums.begin(), sums.end());
  return mean(all);
}

// Each data set under the member that is best for the others.
SetSums fitted(const RuleFamily& family, const SetPictures& sets) {
  std::vector<SetSums> members;
  for (const Rule& rule : family.members) {
    SetSums& member = members.emplace_back();
    for (const auto& [name, pictures] : sets) member[name] = sums_of(pictures, rule);
  }
  SetSums held_out;
  for (const auto& [name, pictures] : sets) {
    const auto best = std::max_element(members.begin(), members.end(), [&](SetSums a, SetSums b) {
      a.erase(name);
      b.erase(name);
      return !a.empty() && mean(a) < mean(b);
    });
    held_out[name] = best->at(name);
  }
  return held_out;
}

// Of the mean gain over data sets: pictures are drawn anew within each.
Interval gain_interval(const SetSums& rule, const SetSums& reference) {
  std::vector<double> gains;
  for (int draw = 0; draw < kDraws; ++draw) {
    Random random(named_seed(1, std::to_string(draw)));
    double total = 0;
    for (const auto& [name, sums] : rule) {
      const DataSetSums& others = reference.at(name);
      PictureSum gain;
      for (std::size_t i = 0; i < sums.size(); ++i) {
        const std::size_t picture = random.below(sums.size());
        gain.sum += sums[picture].sum - others[picture].sum;
        gain.prompts += sums[picture].prompts;
      }
      total += gain.sum / gain.prompts;
    }
    gains.push_back(total / static_cast<double>(rule.size()));
  }
  return percentile_interval(gains);
}

double prompt_count(const SetSums& sets) {
  double count = 0;
  for (const auto& [name, sums] : sets) {
    for (const PictureSum& sum : sums) count += sum.prompts;
  }
  return count;
}

Rule single_answer() {
  return [](const Record& record) { return record.single.iou; };
}

// 1 where the most confident candidate is the worst of the three.
double confident_is_worst(const Record& record) {
  const auto& c = record.candidates;
  const double worst = std::min({c[0].iou, c[1].iou, c[2].iou});
  return most_confident_rule()(record) <= worst ? 1 : 0;
}

using KindSets = std::vector<std::pair<Situation, SetPictures>>;

void print_rules(std::ostream& out, const KindSets& kinds) {
  out << "| rule |";
  for (const auto& [kind, sets] : kinds) out << ' ' << to_string(kind) << " |";
  out << "\n| --- |";
  for (std::size_t i = 0; i < kinds.size(); ++i) out << " --- |";
  for (const RuleFamily& family : rule_families()) {
    out << "\n| " << family.name << (family.members.size() > 1 ? " (fitted)" : "") << " |";
    for (const auto& [kind, sets] : kinds) out << ' ' << mean(fitted(family, sets)) << " |";
  }
  out << "\n\n";
}

void print_gain(std::ostream& out, const SetSums& rule, const SetSums& reference) {
  const Interval gain = gain_interval(rule, reference);
  out << " | " << std::showpos << mean(rule) - mean(reference) << " (" << gain.low << " to " << gain.high
      << ')' << std::noshowpos;
}

void print_kinds(std::ostream& out, const KindSets& kinds) {
  out << "| prompt | prompts | most confident | it is the worst | candidate 0 | candidate 2 | single answer "
         "| best of the three |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const auto& [kind, sets] : kinds) {
    const auto under = [&sets = sets](const Rule& rule) { return fitted({"", {rule}}, sets); };
    const SetSums confident = under(most_confident_rule());
    out << "| " << to_string(kind) << " | " << static_cast<int>(prompt_count(confident)) << " | "
        << mean(confident) << " | " << mean_over_prompts(under(confident_is_worst));
    for (const Rule& rule : {candidate_rule(0), candidate_rule(2), single_answer(), best_of_three()}) {
      print_gain(out, under(rule), confident);
    }
    out << " |\n";
  }
  out << '\n';
}

void print_sets(std::ostream& out, const SetPictures& sets, Situation kind) {
  out << "| " << to_string(kind)
      << " | most confident | shown first | single answer | best of the three |\n| --- | --- | --- | --- | "
         "--- |\n";
  for (const auto& [name, pictures] : sets) {
    out << "| " << name;
    for (const Rule& rule : {most_confident_rule(), chosen_rule(), single_answer(), best_of_three()}) {
      out << " | " << mean(sums_of(pictures, rule));
    }
    out << " |\n";
  }
  out << '\n';
}

}  // namespace

std::string compare_rules(std::span<const Record> records) {
  KindSets kinds;
  for (std::size_t i = 0; i < kSituations; ++i) {
    const auto kind = static_cast<Situation>(i);
    SetPictures sets = by_picture(records, kind);
    if (!sets.empty()) kinds.emplace_back(kind, std::move(sets));
  }
  std::ostringstream out;
  out << std::fixed << std::setprecision(3);
  print_rules(out, kinds);
  print_kinds(out, kinds);
  for (const auto& [kind, sets] : kinds) print_sets(out, sets, kind);
  return out.str();
}

}  // namespace sonde::bench
