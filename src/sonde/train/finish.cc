// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/finish.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/evaluate/simulate.h"
#include "sonde/train/report.h"
#include "sonde/train/test_answers.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/export.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTestedObjects = 1000, kGuardObjects = 400;

// A network with the rules that go with it.
struct Candidate {
  std::unique_ptr<Network> network;
  AnswerRules rules;
  bool has_classes = true;
};

CheckResult measured(const RunParts& run, const Candidate& of, const std::vector<TaskRef>& tasks) {
  CheckOptions options = check_options(run, of.rules);
  if (!of.has_classes) options.class_names.clear();
  return check(*of.network, image_size(run.base.sizes), run.cache, run.pictures, tasks, options);
}

// A card holds shares: where one picture alone was measured, all is possible.
void complete_interval(CardMeasure& measure) {
  if (std::isfinite(measure.iou_low) && std::isfinite(measure.iou_high)) return;
  measure.iou_low = 0;
  measure.iou_high = 1;
}

std::vector<CardData> data_of(const RunParts& run, std::span<const DataOrigin> origins) {
  std::map<std::string, CardData> sets;
  for (const TrainPicture& picture : run.pictures) {
    if (picture.part == SplitPart::guard || !picture.view.empty()) continue;
    CardData& set = sets[picture.dataset];
    set.dataset = picture.dataset;
    ++set.pictures;
    set.objects += static_cast<std::int64_t>(picture.tasks.size());
  }
  for (const DataOrigin& origin : origins) {
    const auto set = sets.find(origin.dataset);
    if (set == sets.end()) continue;
    set->second.licence = origin.licence;
    set->second.citation = origin.citation;
    set->second.source = origin.source;
  }
  std::vector<CardData> all;
  for (auto& [name, set] : sets) all.push_back(std::move(set));
  return all;
}

// Both networks were asked the same of the same objects, but for classes, which only the trained one may
// know.
std::vector<Measured> of_objects(std::vector<Measured> measured) {
  std::erase_if(measured, [](const Measured& one) { return one.prompt == CheckPrompt::class_name; });
  return measured;
}

// One a prompt of an object, in the order of both.
std::vector<TestAnswer> answers_of(const Side& before, const Side& after,
                                   std::span<const TrainPicture> pictures) {
  std::vector<TestAnswer> answers;
  for (std::size_t i = 0; i < after.measured.size(); ++i) {
    const Measured &b = before.measured[i], &a = after.measured[i];
    const TrainPicture& picture = pictures[a.picture];
    const TrainObject& object = picture.objects[a.object];
    const AnswerRule rule = after.rules[kind_of(a.prompt)];
    const std::size_t at_b = chosen(b, CheckChoice::card, before.rules), at_a = chosen(a, rule);
    answers.push_back({picture.dataset, picture.image, object.object, object.class_name,
                       std::string(to_string(a.prompt)), prompt_text({a.asked}), std::string(to_string(rule)),
                       b.iou.at(at_b), a.iou.at(at_a), b.predicted.at(at_b), a.predicted.at(at_a)});
  }
  return answers;
}

class Finish {
 public:
  Finish(const RunParts& run, const RunState& state) : run_(run), state_(state) {
    const fs::path best = run.folder.best_file(state.best_step);
    run.tuner.restore(load_checkpoint(best).tensors, best.string());
    trained_ = run.tuner.network();
    after_ = {checked_network(run.base, trained_), rules_of(state.best_rules, best.string())};
    before_ = {checked_network(run.base, run.base.tensors), run.base.rules, run.base.sizes.class_count > 0};
  }

  ModelCard card(std::span<const DataOrigin> origins, const std::vector<std::string>& notes) {
    ModelCard card;
    card.name = run_.folder.path().filename().string();
    card.parent = run_.base.model.name();
    card.parent_sha256 = run_.base.model.sha256();
    card.tuned = to_string(run_.request.settings.part);
    card.choice_by_prompt = after_.rules;
    card.guards = {finite_guard({state_.skipped, state_.skipped_in_a_row}, state_.step),
                   gradient_guard(state_.gradient_error), leakage_guard()};
    card.notes = notes;
    card.classes = class_measures({}, run_.class_names, run_.request.settings.seed);
    if (state_.best_step == 0 && !tasks_of(run_.pictures, SplitPart::validation, 1).empty())
      card.notes.emplace_back("no check was better than the network it started from: nothing has changed");
    measure_test(card);
    measure_validation(card);
    measure_guard_sets(card);
    card.data = data_of(run_, origins);
    return card;
  }
  const NamedTensors& trained() const { return trained_; }

 private:
  void measure_test(ModelCard& card) {
    const auto tasks = tasks_of(run_.pictures, SplitPart::test, kTestedObjects);
    if (tasks.empty()) return;
    const CheckResult before = measured(run_, before_, tasks), after = measured(run_, after_, tasks);
    append_rows(0, SplitPart::test, before, before_.rules);
    append_rows(state_.best_step, SplitPart::test, after, after_.rules);
    card.classes = class_measures(after.classes, run_.class_names, run_.request.settings.seed);
    card.test = comparisons({before.measured, before_.rules}, {after.measured, after_.rules}, run_.pictures,
                            run_.request.settings.seed);
    write_answers(before, after);
    for (CardComparison& comparison : card.test) {
      complete_interval(comparison.before);
      complete_interval(comparison.after);
    }
  }

  void write_answers(const CheckResult& of_before, const CheckResult& of_after) const {
    const std::vector<Measured> before = of_objects(of_before.measured),
                                after = of_objects(of_after.measured);
    const auto answers = answers_of({before, before_.rules}, {after, after_.rules}, run_.pictures);
    write_test_answers(run_.folder.path(), answers, [&](std::size_t place) -> std::optional<TestPicture> {
      const Measured &b = before[place], &a = after[place];
      const TrainPicture& picture = run_.pictures[a.picture];
      TestPicture shown;
      try {
        shown.image = picture.load();
      } catch (const Error&) {  // gone since it was read: the page says so
        return std::nullopt;
      }
      shown.truth = decode_rle(picture.objects[a.object].mask);
      shown.before = mask_of(before_, b);
      shown.after = mask_of(after_, a);
      return shown;
    });
  }
  Mask mask_of(const Candidate& candidate, const Measured& measured) const {
    return answered(*candidate.network, image_size(run_.base.sizes), run_.cache,
                    run_.pictures[measured.picture], measured.asked,
                    candidate.rules[kind_of(measured.prompt)]);
  }

  void measure_validation(ModelCard& card) {
    if (state_.before.mean == 0 && state_.best.mean == 0) return;  // there was none
    const auto append = [&](std::vector<CardGuard> more) {
      std::ranges::move(more, std::back_inserter(card.guards));
    };
    append(sensitivity_guards(state_.before, state_.best));
    append(box_guards(state_.before, state_.best));
    card.guards.push_back(quality_guard(state_.before.quality_error, state_.best.quality_error));
    if (state_.end == "prompt sensitivity") {
      card.notes.emplace_back(
          "training was stopped: the network began to ignore its prompts; kept is the best "
          "state before that");
      for (CardGuard& guard : card.guards)
        if (guard.name.starts_with("prompt sensitivity")) guard.passed = false;
    }
  }

  void measure_guard_sets(ModelCard& card) {
    const auto tasks = tasks_of(run_.pictures, SplitPart::guard, kGuardObjects);
    if (tasks.empty()) return;
    const CheckResult before = measured(run_, before_, tasks), after = measured(run_, after_, tasks);
    append_rows(0, SplitPart::guard, before, before_.rules);
    append_rows(state_.best_step, SplitPart::guard, after, after_.rules);
    std::string worse;
    for (CardGuard& guard :
         regression_guards(before.measured, before_.rules, after.measured, after_.rules, run_.pictures)) {
      if (!guard.passed) {
        const std::string set =
            guard.name.substr(kZeroShot.size(), guard.name.rfind(": ") - kZeroShot.size());
        if (worse.find(set) == std::string::npos) worse += (worse.empty() ? "" : ", ") + set;
      }
      card.guards.push_back(std::move(guard));
    }
    if (!worse.empty()) card.notes.push_back("a specialist, worse on " + worse);
  }

  void append_rows(std::int64_t step, SplitPart part, const CheckResult& result, const AnswerRules& rules) {
    run_.folder.append(
        measure_rows(step, part, result.measured, run_.pictures, rules, run_.request.settings.seed));
  }

  const RunParts& run_;
  const RunState& state_;
  Candidate before_, after_;
  NamedTensors trained_;
};

}  // namespace

ModelCard finish(const RunParts& run, const RunState& state, std::span<const DataOrigin> origins,
                 const std::vector<std::string>& notes) {
  Finish finishing(run, state);
  ModelCard card = finishing.card(origins, notes);
  if (run.request.ranks.rank != 0) return card;
  const fs::path& folder = run.folder.path();
  write_durably(folder / "guard.csv", guard_csv(card.guards));
  save_safetensors(folder / "model.safetensors", finishing.trained(), {{kCardKey, card_text(card)}});
  const fs::path for_python = folder / "model.pth";
  save_pth(for_python, published_tensors(finishing.trained(), for_python.string()).tensors);
  if (run.request.settings.part == TunedPart::lora || run.request.settings.part == TunedPart::encoder_lora ||
      run.request.settings.part == TunedPart::adapter)
    save_safetensors(folder / "adapter.safetensors", run.tuner.tuned());
  write_card(folder / "card.json", card);
  write_training_report(folder);
  return card;
}

}  // namespace sonde
