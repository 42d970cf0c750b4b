// SPDX-License-Identifier: Apache-2.0
#include "ask.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <utility>
#include <variant>

#include "sonde/core/random.h"
#include "sonde/evaluate/case_loader.h"
#include "sonde/evaluate/chamfer_distance.h"
#include "sonde/evaluate/data_set.h"
#include "sonde/evaluate/simulate.h"
#include "sonde/imaging/regions.h"
#include "sonde/predict/predictor.h"
#include "sonde/predict/preprocess.h"

namespace sonde::bench {
namespace {

constexpr int kPersonClicks = 3, kJitteredBoxes = 2, kBoxRoundAll = 5, kManyClicks = 7, kFedBackClicks = 6;
constexpr double kMinJitterPx = 2, kJitterShare = 0.05, kAwayFromBoundary = 1.0 / 3;

std::vector<Mask> objects_of(const LoadedCase& picture, const AskOptions& options) {
  std::vector<Mask> all;
  for (const Mask& truth : picture.truths) {
    const Regions regions = find_regions(truth);
    for (const Region& region : regions.regions) {
      if (region.area < options.min_area_px) continue;
      Mask& object = all.emplace_back(empty_mask(truth.extent));
      std::transform(regions.labels.begin(), regions.labels.end(), object.pixels.begin(),
                     [&](std::int32_t label) { return label == region.label ? 1 : 0; });
    }
  }
  const auto found = all.size(), wanted = std::min(found, static_cast<std::size_t>(options.objects));
  std::vector<Mask> spread;
  for (std::size_t i = 0; i < wanted; ++i) spread.push_back(std::move(all[i * found / wanted]));
  return spread;
}

// Pixels at least `share` as far from the object's boundary as the farthest.
std::vector<Point2> pixels_inside(const Mask& object, double share) {
  const Box2 whole{0, 0, static_cast<double>(object.extent.width - 1),
                   static_cast<double>(object.extent.height - 1)};
  const std::vector<float> distance = chamfer_distance(object, whole);
  const double farthest = *std::max_element(distance.begin(), distance.end());
  std::vector<Point2> inside;
  auto value = distance.begin();
  for (double y = 0; y <= whole.y1; ++y) {
    for (double x = 0; x <= whole.x1; ++x) {
      if (*value++ >= share * farthest) inside.push_back({x, y});
    }
  }
  return inside;
}

Mask without(Mask mask, const Mask& other) {
  std::transform(mask.pixels.begin(), mask.pixels.end(), other.pixels.begin(), mask.pixels.begin(),
                 [](std::uint8_t m, std::uint8_t o) { return m & (1 - o); });
  return mask;
}

double clicks_kept(const Mask& mask, const std::vector<PointPrompt>& points) {
  if (points.empty()) return 1;
  const auto kept = std::ranges::count_if(points, [&](const PointPrompt& point) {
    const auto x = static_cast<std::int64_t>(std::lround(point.position.x)),
               y = static_cast<std::int64_t>(std::lround(point.position.y));
    const bool inside = mask.pixels[static_cast<std::size_t>(y * mask.extent.width + x)] != 0;
    return inside == (point.label == PointLabel::foreground);
  });
  return static_cast<double>(kept) / static_cast<double>(points.size());
}

double mean_logit(const LowResLogits& logits) {
  double sum = 0;
  std::int64_t count = 0;
  for (const float logit : logits) {
    if (logit <= 0) continue;
    sum += logit;
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

// Everything that is asked about one object.
class ObjectRun {
 public:
  ObjectRun(const Predictor& predictor, const Mask& truth, Record known)
      : predictor_(predictor), truth_(truth), known_(std::move(known)) {}

  std::vector<Record> run() {
    const TaskUser user = user_of(0);
    Prompt clicks{{{farthest_point(truth_, user, 1).value().jittered, PointLabel::foreground}}, {}, {}};
    const ScoredMask first = ask(Situation::study_click, 0, clicks);
    ask_person_clicks();
    ask_corrections(clicks, first, Feedback::none);
    ask_corrections(clicks, first, Feedback::logits);
    ask_boxes();
    return std::move(records_);
  }

 private:
  TaskUser user_of(double jitter_px) const {
    return {{.ties = Ties::first, .jitter_px = jitter_px},
            known_.dataset + '/' + known_.image + '/' + std::to_string(known_.object)};
  }

  enum class Feedback { none, logits };

  // Each click corrects the best of the three answers to those before.
  void ask_corrections(Prompt prompt, ScoredMask best, Feedback feedback) {
    const int last = feedback == Feedback::none ? kManyClicks : kFedBackClicks;
    for (int count = 2; count <= last; ++count) {
      const auto point = next_click(truth_, best.mask, truth_, user_of(0), count);
      if (!point) return;
      prompt.points.push_back(*point);
      if (feedback == Feedback::logits) prompt.mask = best.low_res;
      best = ask(situation_of(count, feedback), count, prompt);
    }
  }
  static Situation situation_of(int clicks, Feedback feedback) {
    if (feedback == Feedback::logits)
      return clicks == 2 ? Situation::logits_and_click : Situation::logits_and_clicks;
    if (clicks == 2) return Situation::two_clicks;
    if (clicks == 3) return Situation::three_clicks;
    return clicks == 4 ? Situation::four_clicks : Situation::many_clicks;
  }

  void ask_person_clicks() {
    const std::vector<Point2> inside = pixels_inside(truth_, kAwayFromBoundary);
    Random random(named_seed(1, user_of(0).task));
    for (int draw = 0; draw < kPersonClicks; ++draw) {
      const Point2 at = inside[random.below(inside.size())];
      ask(Situation::person_click, draw, {{{at, PointLabel::foreground}}, {}, {}});
    }
  }

  void ask_boxes() {
    const Prompt box = mode_prompts(kBoxRoundAll, truth_, user_of(0)).front();
    const double side = std::max(box.box->x1 - box.box->x0, box.box->y1 - box.box->y0) + 1;
    const Mask best = ask(Situation::box, 0, box).mask;
    for (int draw = 0; draw < kJitteredBoxes; ++draw) {
      TaskUser user = user_of(std::max(kMinJitterPx, kJitterShare * side));
      user.task += '/' + std::to_string(draw);
      ask(Situation::jittered_box, draw, mode_prompts(kBoxRoundAll, truth_, user).front());
    }
    ask_corrected_boxes(box, best);
    ask_from_mask(box);
  }

  void ask_corrected_boxes(const Prompt& box, const Mask& answered) {
    Prompt both = box;
    const auto add = [&](Situation kind, const Mask& wrong, PointLabel label) {
      const auto point = farthest_point(wrong, user_of(0), 1);
      if (!point) return;
      Prompt prompt = box;
      prompt.points.push_back({point->jittered, label});
      both.points.push_back(prompt.points.back());
      ask(kind, 0, prompt);
    };
    add(Situation::box_and_outside, without(answered, truth_), PointLabel::background);
    add(Situation::box_and_inside, without(truth_, answered), PointLabel::foreground);
    if (both.points.size() == 2) ask(Situation::box_and_two, 0, both);
  }

  void ask_from_mask(const Prompt& box) {
    const Mask start = predictor_.segment(box, MaskSet::single).front().mask;
    const LowResLogits logits = logits_from_mask(start, predictor_.model().image_size());
    if (const auto point = next_click(truth_, start, truth_, user_of(0), 1))
      ask(Situation::mask_and_click, 0, {{*point}, {}, logits});
    ask(Situation::mask_and_box, 0, {{}, box.box, logits});
  }

  // Returns the best of the three candidates.
  ScoredMask ask(Situation kind, int draw, const Prompt& prompt) {
    Prediction answer = predictor_.segment(prompt, MaskSet::all);
    Record& record = records_.emplace_back(known_);
    record.kind = kind;
    record.draw = draw;
    record.single = score(answer[0], prompt);
    std::size_t best = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      record.candidates[k] = score(answer[k + 1], prompt);
      record.with_single[k] = iou(answer[0].mask, answer[k + 1].mask);
      if (record.candidates[k].iou > record.candidates[best].iou) best = k;
    }
    record.agreement = {iou(answer[1].mask, answer[2].mask), iou(answer[1].mask, answer[3].mask),
                        iou(answer[2].mask, answer[3].mask)};
    return std::move(answer[best + 1]);
  }

  ScoredAnswer score(const ScoredMask& candidate, const Prompt& prompt) const {
    return {iou(truth_, candidate.mask),
            candidate.predicted_iou,
            candidate.stability,
            area_px(candidate.mask),
            clicks_kept(candidate.mask, prompt.points),
            mean_logit(candidate.low_res)};
  }

  const Predictor& predictor_;
  const Mask& truth_;
  Record known_;
  std::vector<Record> records_;
};

void ask_picture(const SamModel& model, const LoadedCase& picture, Record known, const AskOptions& options,
                 std::vector<Record>& records) {
  const std::vector<Mask> objects = objects_of(picture, options);
  if (objects.empty()) return;
  const Predictor predictor(model, embed(model, picture.image));
  known.picture_px = pixel_count(picture.image.extent);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    known.object = static_cast<std::int64_t>(i);
    known.object_px = area_px(objects[i]);
    std::vector<Record> answered = ObjectRun(predictor, objects[i], known).run();
    std::move(answered.begin(), answered.end(), std::back_inserter(records));
  }
}

}  // namespace

std::vector<Record> ask_for_objects(const SamModel& model, std::span<const std::filesystem::path> data,
                                    const AskOptions& options) {
  const CaseLoader loader{WindowChoice{}};
  std::vector<Record> records;
  for (const DataSetPlan& plan :
       plan_data_sets(data, {.min_area_px = options.min_area_px, .axis = {}, .limit = {}})) {
    for (const StudyCase& study_case : plan.cases) {
      const auto loaded = loader.load(study_case);
      if (const auto* failure = std::get_if<StudyFailure>(&loaded)) {
        std::cerr << failure->reason << '\n';
        continue;
      }
      Record known;
      known.dataset = plan.name;
      known.image = study_case.image;
      ask_picture(model, std::get<LoadedCase>(loaded), known, options, records);
    }
    std::cerr << plan.name << ": " << records.size() << " prompts so far\n";
  }
  return records;
}

}  // namespace sonde::bench
