// SPDX-License-Identifier: Apache-2.0
// published_loop LIMIT DATA...: the study as the published scripts do it, on sonde's own network and weights:
// a pass per choice, one picture and one prompt at a time, every core on that prompt, IoU alone. Pictures are
// encoded once (the published scripts encode them anew in every pass). Prints the objects, the seconds and
// the prompts decoded. Source: prompt_gen_and_exec_v1.py and _v2_allmode.py of Mazurowski et al. 2023.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/evaluate/case_loader.h"
#include "sonde/evaluate/data_set.h"
#include "sonde/evaluate/results.h"
#include "sonde/evaluate/simulate.h"
#include "sonde/predict/predictor.h"

namespace {

using namespace sonde;  // NOLINT: a program of one file

constexpr int kClicks = 5;
constexpr std::int64_t kMinArea = 25;

class Loop {
 public:
  explicit Loop(const Predictor& predictor) : predictor_(predictor) {}

  void object(const Mask& truth, const std::string& name) {
    const TaskUser user{{.ties = Ties::first}, name};
    for (const Choice choice : {Choice::confidence, Choice::first, Choice::oracle}) {
      for (int mode = 1; mode <= 5; ++mode) use_mode(mode, truth, user, choice);
      click(truth, user, choice);
    }
  }
  int prompts() const { return prompts_; }
  double iou_sum() const { return iou_sum_; }

 private:
  Prediction ask(const Prompt& prompt) {
    ++prompts_;
    return predictor_.segment(prompt, MaskSet::three);
  }
  Mask choose(Prediction candidates, Choice choice, const Mask& truth) {
    const AnswerRule rule = choice == Choice::confidence ? AnswerRule::confident : AnswerRule::first;
    std::size_t taken = answer_index(rule, MaskSet::three, candidates);
    if (choice == Choice::oracle) {
      for (std::size_t i = 1; i < candidates.size(); ++i) {
        if (iou(truth, candidates[i].mask) > iou(truth, candidates[taken].mask)) taken = i;
      }
    }
    iou_sum_ += iou(truth, candidates[taken].mask);
    return std::move(candidates[taken].mask);
  }
  void use_mode(int mode, const Mask& truth, const TaskUser& user, Choice choice) {
    Prediction all;
    for (const Prompt& prompt : mode_prompts(mode, truth, user)) {
      Prediction one = ask(prompt);
      for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t p = 0; p < all[i].mask.pixels.size(); ++p)
          all[i].mask.pixels[p] |= one[i].mask.pixels[p];
      }
      if (all.empty()) all = std::move(one);
    }
    choose(std::move(all), choice, truth);
  }
  void click(const Mask& truth, const TaskUser& user, Choice choice) {
    Prompt prompt{{{farthest_point(truth, user, 1).value().jittered, PointLabel::foreground}}, {}, {}};
    for (int step = 1;; ++step) {
      const Mask mask = choose(ask(prompt), choice, truth);
      const auto next = next_click(truth, mask, truth, user, step + 1);
      if (step == kClicks || !next) return;
      prompt.points.push_back(*next);
    }
  }

  const Predictor& predictor_;
  int prompts_ = 0;
  double iou_sum_ = 0;
};

int run(int limit, const std::vector<std::filesystem::path>& data) {
  const auto plans = plan_data_sets(data, {.min_area_px = kMinArea, .axis = {}, .limit = limit});
  const SamModel model = SamModel::load("mobile-sam", {.precision = Precision::fp32});
  const CaseLoader loader{WindowChoice{}};
  int objects = 0;
  int prompts = 0;
  const auto start = std::chrono::steady_clock::now();
  for (const DataSetPlan& plan : plans) {
    for (const StudyCase& c : plan.cases) {
      const auto loaded = loader.load(c);
      const auto* picture = std::get_if<LoadedCase>(&loaded);
      if (picture == nullptr) continue;
      const Predictor predictor(model, embed(model, picture->image));
      Loop loop(predictor);
      for (std::size_t i = 0; i < c.tasks.size(); ++i) {
        loop.object(picture->truths[i], c.image + c.tasks[i].object);
        ++objects;
      }
      prompts += loop.prompts();
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::cout << objects << ' ' << seconds << ' ' << prompts << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: published_loop LIMIT DATA...\n";
    return 2;
  }
  try {
    return run(std::atoi(argv[1]), {argv + 2, argv + argc});
  } catch (const sonde::Error& error) {
    std::cerr << "published_loop: " << error.what() << '\n';
    return 3;
  }
}
