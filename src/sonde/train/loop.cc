// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/loop.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>
#include <sys/resource.h>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/core/json_fields.h"
#include "sonde/evaluate/simulate.h"
#include "sonde/inference/cpu_network.h"
#include "sonde/predict/sam_model_impl.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde {
namespace {

constexpr std::size_t kCheckedObjects = 64;   // of the validation part, in a check
constexpr double kSecondsBetweenSaves = 120;  // where checks are far apart

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double best_iou(const StepResult& result) {
  double sum = 0;
  for (const ExampleResult& example : result.examples)
    sum += *std::max_element(example.iou.begin(), example.iou.end());
  return result.examples.empty() ? 0 : sum / static_cast<double>(result.examples.size());
}

std::string bad_step_json(std::int64_t step, const StepResult& result, std::span<const Draw> batch,
                          std::span<const TrainPicture> pictures) {
  Json json{{"step", step},
            {"loss", std::isfinite(result.loss) ? Json(result.loss) : Json("not finite")},
            {"gradient_norm",
             std::isfinite(result.gradient_norm) ? Json(result.gradient_norm) : Json("not finite")},
            {"parameter", result.bad_parameter},
            {"batch", Json::array()}};
  for (const Draw& draw : batch) {
    const TrainPicture& picture = pictures[draw.picture];
    const TrainObject& object = picture.objects[draw.object];
    json["batch"].push_back({{"dataset", picture.dataset},
                             {"image", picture.image},
                             {"class", object.class_name},
                             {"object", object.object},
                             {"kind", std::string(to_string(draw.kind))},
                             {"prompt", prompt_text({draw.prompt})}});
  }
  return json_text(json, 1) + '\n';
}

std::string fixed3(double value) {
  std::ostringstream text;
  text.precision(3);
  text << std::fixed << value;
  return text.str();
}

}  // namespace

std::unique_ptr<Network> checked_network(const BaseModel& base, const NamedTensors& tensors) {
  const auto storage =
      base.model.precision() == Precision::bf16 ? kernels::Storage::bf16 : kernels::Storage::fp32;
  SamSizes sizes = base.sizes;
  const auto classes = tensors.find("prompt_encoder.class_embeddings.weight");
  sizes.class_count = classes == tensors.end() ? 0 : classes->second.shape.at(0);
  return make_cpu_network(fit_tensors(tensors, sizes, "the trained network"),
                          {.storage = storage, .threads = 1});
}

CheckOptions check_options(const RunParts& run, const AnswerRules& rules) {
  CheckOptions options{
      .rules = rules,
      .jitter = run.request.settings.jitter,
      .seed = run.request.settings.seed,
      .threads = run.threads,
      .class_names = run.request.settings.classes ? run.class_names : std::vector<std::string>{}};
  if (run.hooks.stop != nullptr) {
    options.before_picture = [stop = run.hooks.stop] {
      if (*stop) throw StopRequested{};
    };
  }
  return options;
}

TrainLoop::TrainLoop(const RunParts& run)
    : run_(run),
      settings_(run.request.settings),
      draws_(run.pictures, {.seed = settings_.seed,
                            .jitter = settings_.jitter,
                            .clicks = settings_.clicks,
                            .chain_limit = settings_.check_every,
                            .pairs = !keeps_encoder(settings_.part),
                            .points = settings_.points,
                            .boxes = settings_.boxes,
                            .classes = settings_.classes,
                            .class_names = run.class_names}),
      tasks_(tasks_of(run.pictures, SplitPart::validation, kCheckedObjects)) {}

bool TrainLoop::is_to_stop() const { return run_.hooks.stop != nullptr && *run_.hooks.stop; }

RunState TrainLoop::run() {
  if (auto saved = run_.folder.last_state()) {
    state_ = std::move(saved->state);
    run_.tuner.restore(saved->tensors, saved->file.string());
    run_.folder.rewind(state_.step, state_.checked_step);
  } else {
    run_.folder.rewind(0, std::nullopt);
    start();
  }
  first_step_ = state_.step + 1;
  started_ = saved_ = Clock::now();
  try {
    go_on();
  } catch (const StopRequested&) {  // within a check, which is done again
  }
  if (state_.end.empty() && state_.step > 0) save();
  return state_;
}

void TrainLoop::go_on() {
  while (state_.end.empty()) {
    const std::int64_t done = state_.step;
    const bool is_due = done == settings_.steps || (done > 0 && done % settings_.check_every == 0);
    if (is_due && state_.checked_step != done) {
      check_state(done);
      state_.checked_step = done;
      save();
      continue;
    }
    // Between steps of a chain the predictions are needed, which no state holds.
    const bool may_rest = draws_.position(done + 1) == 0;
    if (may_rest && is_to_stop()) return;
    if (may_rest && std::chrono::duration<double>(Clock::now() - saved_).count() > kSecondsBetweenSaves)
      save();
    make_step(done + 1);
    ++state_.step;
  }
}

// What there is before the first step.
void TrainLoop::start() {
  state_ = {};
  state_.rules = state_.best_rules = words_of(run_.base.rules);
  require_true_gradient();
  run_.folder.save_best(0, run_.tuner.state());
  if (tasks_.empty()) return;
  const auto network = checked_network(run_.base, run_.tuner.network());
  const CheckResult result = check(*network, image_size(run_.base.sizes), run_.cache, run_.pictures, tasks_,
                                   check_options(run_, run_.base.rules));
  state_.before = state_.best = figures_of(result, run_.pictures, run_.base.rules);
  run_.folder.append(measure_rows(0, SplitPart::validation, result.measured, run_.pictures, run_.base.rules,
                                  settings_.seed));
}

void TrainLoop::require_true_gradient() {
  const int ranks = run_.request.ranks.ranks;
  batch_.clear();
  for (int slot = run_.request.ranks.rank; slot < settings_.batch; slot += ranks)
    batch_.push_back(draws_.draw(1, slot));
  state_.gradient_error = run_.tuner.gradient_error(examples());
  if (state_.gradient_error < kGradientLimit) return;
  std::ostringstream text;
  text << "the gradient self-test failed: two ways to compute the gradient of the first batch differ by "
       << state_.gradient_error << " of it, more than " << kGradientLimit
       << ": this build of LibTorch is not fit to train with";
  throw Error(ErrorKind::internal, text.str());
}

std::vector<TrainingExample> TrainLoop::examples() {
  struct Shown : TrainingPicture {
    std::vector<float> values;
    std::shared_ptr<const MappedFile> file;
  };
  std::map<std::size_t, std::shared_ptr<const TrainingPicture>> shown;
  const std::int64_t side = image_size(run_.base.sizes);
  std::vector<TrainingExample> examples;
  for (const Draw& draw : batch_) {
    const TrainPicture& picture = run_.pictures[draw.picture];
    auto& of_picture = shown[draw.picture];
    if (!of_picture) {
      const auto made = std::make_shared<Shown>();
      made->name = picture.dataset + '/' + picture.image;
      if (run_.cache.kind() == PictureCache::Kind::embeddings) {
        made->values = run_.cache.embedding(picture);
        made->embedding = made->values;
      } else {
        const PictureCache::Pixels pixels = run_.cache.pixels(picture);
        made->file = pixels.owner;
        made->pixels = pixels.pixels;
      }
      of_picture = made;
    }
    examples.push_back(example_of(draw, draws_, picture, of_picture, side));
  }
  return examples;
}

void TrainLoop::make_step(std::int64_t step) {
  const auto began = Clock::now();
  const bool goes_on = draws_.position(step) > 0 && !answers_.empty();
  std::vector<Draw> batch;
  const RankOptions& ranks = run_.request.ranks;
  for (int slot = ranks.rank; slot < settings_.batch; slot += ranks.ranks) {
    const std::size_t place = batch.size();
    batch.push_back(goes_on ? draws_.with_click(batch_.at(place), answers_.at(place), step, slot,
                                                image_size(run_.base.sizes))
                            : draws_.draw(step, slot));
  }
  batch_ = std::move(batch);
  const double rate = learning_rate(settings_, step);
  const std::vector<TrainingExample> given = examples();
  StepResult result = run_.tuner.step(given, {.learning_rate = rate, .norm_limit = norm_limit(state_.norms)});
  if (result.applied) {
    state_.norms.push_back(result.gradient_norm);
    if (state_.norms.size() > kNormsKept) state_.norms.erase(state_.norms.begin());
    state_.skipped_in_a_row = 0;
  } else {
    count_skipped(step, result);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  run_.folder.append(StepRow{step, result.loss, result.mask_loss, result.quality_loss, best_iou(result),
                             result.gradient_norm, rate, kinds_text(batch_), seconds, peak_rss_mb()});
  report(step, result);
  answers_ = std::move(result.examples);
}

void TrainLoop::count_skipped(std::int64_t step, const StepResult& result) {
  ++state_.skipped;
  ++state_.skipped_in_a_row;
  run_.folder.write_bad_step(step, bad_step_json(step, result, batch_, run_.pictures));
  if (run_.hooks.note)
    run_.hooks.note("step " + std::to_string(step) +
                    " was not made: its gradient is not finite, or far too long (state/bad_" +
                    std::to_string(step) + ".json)");
  if (SkippedSteps{state_.skipped, state_.skipped_in_a_row}.too_many(step)) {
    throw Error(ErrorKind::corrupt_data,
                run_.folder.path().string() + ": training has come apart: " + std::to_string(state_.skipped) +
                    " of " + std::to_string(step) +
                    " steps had no usable gradient; the last good state is kept in state/; try a lower --lr");
  }
}

void TrainLoop::check_state(std::int64_t step) {
  if (tasks_.empty()) {  // nothing to choose by: the last state is the one
    state_.best_step = step;
    run_.folder.save_best(step, run_.tuner.state());
  } else {
    const auto network = checked_network(run_.base, run_.tuner.network());
    const CheckResult result = check(*network, image_size(run_.base.sizes), run_.cache, run_.pictures, tasks_,
                                     check_options(run_, rules_of(state_.rules, "state")));
    const AnswerRules rules = best_rules(result.measured, run_.base.rules, settings_.seed);
    run_.folder.append(
        measure_rows(step, SplitPart::validation, result.measured, run_.pictures, rules, settings_.seed));
    state_.rules = words_of(rules);
    judge(step, figures_of(result, run_.pictures, rules));
  }
  if (step == settings_.steps && state_.end.empty()) state_.end = "all steps";
}

// Whether the state is the best so far, and whether there is a point in going on.
void TrainLoop::judge(std::int64_t step, const CheckFigures& figures) {
  const bool sensitive = stays_sensitive(state_.before, figures);
  state_.insensitive_checks = sensitive ? 0 : state_.insensitive_checks + 1;
  // A quality head moves no mask.
  const bool better = settings_.part == TunedPart::quality ? figures.quality_error < state_.best.quality_error
                                                           : figures.mean > state_.best.mean;
  ++state_.checks_without_better;
  if (sensitive && better) {
    state_.best = figures;
    state_.best_step = step;
    state_.best_rules = state_.rules;
    state_.checks_without_better = 0;
    run_.folder.save_best(step, run_.tuner.state());
  }
  constexpr std::int64_t kInsensitive = 2;  // one may be chance
  if (state_.insensitive_checks >= kInsensitive) state_.end = "prompt sensitivity";
  if (state_.checks_without_better >= settings_.patience) state_.end = "patience";
  progress_.validation_iou = figures.mean;
  if (!run_.hooks.note) return;
  run_.hooks.note("step " + std::to_string(step) + ": validation IoU " + fixed3(figures.mean) + " (before " +
                  fixed3(state_.before.mean) + "), box " + fixed3(figures.box) + " (" +
                  fixed3(state_.before.box) + ")" + (sensitive ? "" : ", less sensitive to prompts"));
}

void TrainLoop::save() {
  if (state_.step > 0) run_.folder.save(state_, run_.tuner.state());
  saved_ = Clock::now();
}

void TrainLoop::report(std::int64_t step, const StepResult& result) {
  if (!run_.hooks.progress) return;
  constexpr double kNew = 0.05;
  const bool first = step == first_step_;
  progress_.loss += (first ? 1 : kNew) * (result.loss - progress_.loss);
  progress_.iou += (first ? 1 : kNew) * (best_iou(result) - progress_.iou);
  progress_.what = "step";
  progress_.done = progress_.step = step;
  progress_.total = settings_.steps;
  const double elapsed = std::chrono::duration<double>(Clock::now() - started_).count();
  progress_.seconds_left =
      elapsed / static_cast<double>(step - first_step_ + 1) * static_cast<double>(settings_.steps - step);
  run_.hooks.progress(progress_);
}

}  // namespace sonde
