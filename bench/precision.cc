// SPDX-License-Identifier: Apache-2.0
// precision LIMIT DATA...: how far bf16's masks are from fp32's. Of LIMIT pictures a data set every object is
// asked for by its box, the most confident candidate taken. Prints of each data set the objects, the mean IoU
// between the two precisions, and of each precision the mean IoU with the truth.
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/evaluate/case_loader.h"
#include "sonde/evaluate/data_set.h"
#include "sonde/evaluate/scores.h"
#include "sonde/evaluate/simulate.h"
#include "sonde/predict/predictor.h"

namespace {

using namespace sonde;  // NOLINT: a program of one file

constexpr std::int64_t kMinArea = 25;
constexpr int kBoxRoundAll = 5;  // the mode

struct Sums {
  int objects = 0;
  double between = 0, fp32 = 0, bf16 = 0;
};

Mask ask(const Predictor& predictor, const Prompt& prompt) {
  Prediction answer = predictor.segment(prompt, MaskSet::three);
  return std::move(answer[answer_index(AnswerRule::confident, MaskSet::three, answer)].mask);
}

void compare(const LoadedCase& picture, const StudyCase& study_case, const SamModel& fp32,
             const SamModel& bf16, Sums& sums) {
  const Predictor exact(fp32, embed(fp32, picture.image)), rounded(bf16, embed(bf16, picture.image));
  for (std::size_t i = 0; i < study_case.tasks.size(); ++i) {
    const Mask& truth = picture.truths[i];
    const auto prompts = mode_prompts(kBoxRoundAll, truth, {{.ties = Ties::first}, study_case.image});
    const Mask a = ask(exact, prompts.front()), b = ask(rounded, prompts.front());
    ++sums.objects;
    sums.between += iou(a, b);
    sums.fp32 += iou(truth, a);
    sums.bf16 += iou(truth, b);
  }
}

void print(const std::string& name, const Sums& sums) {
  const double n = sums.objects;
  std::cout << std::left << std::setw(32) << name << std::right << std::setw(6) << sums.objects << std::fixed
            << std::setprecision(4) << std::setw(9) << sums.between / n << std::setw(9) << sums.fp32 / n
            << std::setw(9) << sums.bf16 / n << std::setw(9) << (sums.bf16 - sums.fp32) / n << std::endl;
}

int run(int limit, const std::vector<std::filesystem::path>& data) {
  const auto plans = plan_data_sets(data, {.min_area_px = kMinArea, .axis = {}, .limit = limit});
  const SamModel fp32 = SamModel::load("mobile-sam", {.precision = Precision::fp32});
  const SamModel bf16 = SamModel::load("mobile-sam", {.precision = Precision::bf16});
  const CaseLoader loader{WindowChoice{}};
  std::cout << "data set                       objects  between     fp32     bf16     less\n";
  Sums all;
  for (const DataSetPlan& plan : plans) {
    Sums sums;
    for (const StudyCase& study_case : plan.cases) {
      const auto loaded = loader.load(study_case);
      const auto* picture = std::get_if<LoadedCase>(&loaded);
      if (picture != nullptr) compare(*picture, study_case, fp32, bf16, sums);
    }
    if (sums.objects == 0) continue;
    print(plan.name, sums);
    all = {all.objects + sums.objects, all.between + sums.between, all.fp32 + sums.fp32,
           all.bf16 + sums.bf16};
  }
  print("all", all);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: precision LIMIT DATA...\n";
    return 2;
  }
  try {
    return run(std::atoi(argv[1]), {argv + 2, argv + argc});
  } catch (const sonde::Error& error) {
    std::cerr << "precision: " << error.what() << '\n';
    return 3;
  }
}
