// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/checks.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "sonde/core/parallel.h"
#include "sonde/evaluate/simulate.h"
#include "sonde/predict/frame_prompt.h"
#include "sonde/predict/mask_upscaler.h"

namespace sonde {
namespace {

// The four masks that answer a prompt, at the picture's extent.
struct Answered {
  std::array<Mask, 4> masks;
  std::array<double, 4> predicted{};
  double object_score = 0;  // of a class: below 0 where it is not there
};

// One picture with its embedding, ready for prompts.
class PromptedPicture {
 public:
  PromptedPicture(const Network& network, std::int64_t side, const PictureCache& cache,
                  const TrainPicture& picture)
      : network_(network),
        side_(side),
        extent_(picture.extent),
        upscaler_(picture.extent, side),
        prepared_(network.prepare(cache.embedding_by(network, picture))) {}

  std::vector<Answered> ask(std::span<const Prompt> prompts) const {
    std::vector<FramePrompt> framed;
    for (const Prompt& prompt : prompts) framed.push_back(in_frame(prompt, extent_, side_));
    return answers_to(framed);
  }
  Answered ask_class(int class_index) const {
    FramePrompt prompt;
    prompt.class_index = class_index;
    return std::move(answers_to(std::span(&prompt, 1)).front());
  }
  Answered ask(const Prompt& prompt) const { return std::move(ask(std::span(&prompt, 1)).front()); }

 private:
  std::vector<Answered> answers_to(std::span<const FramePrompt> framed) const {
    std::vector<Answered> answers;
    for (const auto& masks : network_.decode(*prepared_, framed, MaskSet::all)) {
      Answered& answer = answers.emplace_back();
      answer.object_score = static_cast<double>(masks.front().object_score.value_or(0));
      for (std::size_t i = 0; i < masks.size(); ++i) {
        answer.masks.at(i) = upscaler_.threshold(masks[i].logits).mask;
        answer.predicted.at(i) = static_cast<double>(masks[i].predicted_iou);
      }
    }
    return answers;
  }

  const Network& network_;
  std::int64_t side_;
  Extent2 extent_;
  MaskUpscaler upscaler_;
  std::shared_ptr<const Network::PreparedImage> prepared_;
};

Prompt point_prompt(Point2 at) { return {{{at, PointLabel::foreground}}, {}, {}}; }
Prompt box_prompt(const Box2& box) {
  Prompt prompt;
  prompt.box = box;
  return prompt;
}

// What is asked for one object.
class ObjectCheck {
 public:
  ObjectCheck(const PromptedPicture& open, const TrainPicture& picture, TaskRef at,
              const CheckOptions& options)
      : open_(open),
        options_(options),
        at_(at),
        truth_(decode_rle(picture.objects[at.object].mask)),
        user_{{.ties = Ties::random, .seed = options.seed},
              picture.dataset + '\n' + picture.image + '\n' + picture.objects[at.object].class_name + '\n' +
                  picture.objects[at.object].object} {}

  std::vector<Measured> run() {
    const Box2 box = bounding_box(truth_).value();
    const Prompt centre = point_prompt(farthest_point(truth_, user_, 1).value().aim);
    const std::array prompts{centre, point_prompt(random_point(truth_, user_).value()), box_prompt(box),
                             box_prompt(jittered_box(truth_, options_.jitter, user_).value())};
    const std::vector<Answered> answers = open_.ask(prompts);
    record(CheckPrompt::point, prompts[0], answers[0]);
    record(CheckPrompt::random_point, prompts[1], answers[1]);
    record(CheckPrompt::box, prompts[2], answers[2]);
    record(CheckPrompt::jittered_box, prompts[3], answers[3]);
    const Step corrected = clicked(prompts[2], answers[2], PromptKind::box, 2);
    record(CheckPrompt::box_and_click, corrected.prompt, corrected.answer);
    click_on(centre, answers[0]);
    centre_mask = answers[0].masks[0];
    return std::move(measured_);
  }
  Mask centre_mask;  // the single mask for the centre point, after run()

 private:
  struct Step {
    Prompt prompt;
    Answered answer;
  };

  void record(CheckPrompt prompt, const Prompt& asked, const Answered& answer) {
    Measured& one = measured_.emplace_back();
    one.picture = at_.picture;
    one.object = at_.object;
    one.prompt = prompt;
    one.predicted = answer.predicted;
    one.asked = asked;
    for (std::size_t i = 0; i < answer.masks.size(); ++i) one.iou.at(i) = iou(truth_, answer.masks.at(i));
  }

  // The prompt with a click at the error of what the model's rule takes; unchanged where there is none.
  Step clicked(const Prompt& prompt, const Answered& answer, PromptKind kind, int index) {
    Measured four{at_.picture, at_.object, CheckPrompt::point, {}, answer.predicted};
    const Mask& taken = answer.masks.at(chosen(four, options_.rules[kind]));
    const auto click = next_click(truth_, taken, truth_, user_, index);
    if (!click) return {prompt, answer};
    Step next{prompt, {}};
    next.prompt.points.push_back(*click);
    next.answer = open_.ask(next.prompt);
    return next;
  }

  void click_on(const Prompt& centre, const Answered& first) {
    constexpr int kClicks = 5;
    Step step{centre, first};
    for (int count = 2; count <= kClicks; ++count) {
      step = clicked(step.prompt, step.answer, count == 2 ? PromptKind::point : PromptKind::clicks, count);
      if (count == 2) record(CheckPrompt::two_clicks, step.prompt, step.answer);
      if (count == 3) record(CheckPrompt::three_clicks, step.prompt, step.answer);
      if (count == kClicks) record(CheckPrompt::five_clicks, step.prompt, step.answer);
    }
  }

  const PromptedPicture& open_;
  const CheckOptions& options_;
  TaskRef at_;
  Mask truth_;
  TaskUser user_;
  std::vector<Measured> measured_;
};

// The share of the picture that a point far from all objects covers.
std::optional<double> share_outside(const PromptedPicture& open, const TrainPicture& picture) {
  Mask outside{picture.extent,
               std::vector<std::uint8_t>(static_cast<std::size_t>(pixel_count(picture.extent)), 1)};
  for (const TrainObject& object : picture.objects) {
    const Mask mask = decode_rle(object.mask);
    for (std::size_t i = 0; i < mask.pixels.size(); ++i) outside.pixels[i] &= mask.pixels[i] == 0 ? 1 : 0;
  }
  const auto at = farthest_point(outside, {{.ties = Ties::first}, ""}, 1);
  if (!at) return std::nullopt;
  const Answered answer = open.ask(point_prompt(at->aim));
  return static_cast<double>(area_px(answer.masks[0])) / static_cast<double>(pixel_count(picture.extent));
}

// Every class of the network, whether the picture shows it or not.
void check_classes(const PromptedPicture& open, const TrainPicture& picture, std::size_t index,
                   const CheckOptions& options, CheckResult& result) {
  for (std::size_t i = 0; i < options.class_names.size(); ++i) {
    Mask truth = empty_mask(picture.extent);
    std::optional<std::size_t> first;
    for (std::size_t k = 0; k < picture.objects.size(); ++k) {
      if (picture.objects[k].class_name != options.class_names[i]) continue;
      if (!first) first = k;
      const Mask mask = decode_rle(picture.objects[k].mask);
      for (std::size_t at = 0; at < mask.pixels.size(); ++at) truth.pixels[at] |= mask.pixels[at];
    }
    const Answered answer = open.ask_class(static_cast<int>(i));
    ClassSeen& seen = result.classes.emplace_back(
        ClassSeen{index, static_cast<int>(i), first.has_value(), answer.object_score >= 0, 0});
    if (!first) continue;
    Measured measured{index, *first, CheckPrompt::class_name, {}, answer.predicted};
    for (std::size_t k = 0; k < answer.masks.size(); ++k) measured.iou.at(k) = iou(truth, answer.masks.at(k));
    seen.iou = measured.iou.at(chosen(measured, options.rules[PromptKind::class_name]));
    result.measured.push_back(measured);
  }
}

CheckResult check_picture(const PromptedPicture& open, const TrainPicture& picture,
                          std::span<const TaskRef> tasks, const CheckOptions& options) {
  CheckResult result;
  std::vector<Mask> centres;
  for (const TaskRef& task : tasks) {
    ObjectCheck object(open, picture, task, options);
    std::ranges::move(object.run(), std::back_inserter(result.measured));
    centres.push_back(std::move(object.centre_mask));
  }
  if (centres.size() > 1) result.sensitivity.two_points.push_back(iou(centres[0], centres[1]));
  if (const auto share = share_outside(open, picture)) result.sensitivity.outside.push_back(*share);
  check_classes(open, picture, tasks.front().picture, options, result);
  return result;
}

}  // namespace

PromptKind kind_of(CheckPrompt prompt) {
  switch (prompt) {
    case CheckPrompt::point:
    case CheckPrompt::random_point:
      return PromptKind::point;
    case CheckPrompt::box:
    case CheckPrompt::jittered_box:
      return PromptKind::box;
    case CheckPrompt::box_and_click:
      return PromptKind::box_with_points;
    case CheckPrompt::two_clicks:
    case CheckPrompt::three_clicks:
      return PromptKind::clicks;
    case CheckPrompt::five_clicks:
      return PromptKind::many_clicks;
    case CheckPrompt::class_name:
      return PromptKind::class_name;
  }
  return PromptKind::point;
}

std::size_t chosen(const Measured& measured, AnswerRule rule) {
  const MaskSet masks = masks_for(rule);
  const std::size_t first = first_token(masks);
  return first + answer_index(rule, masks, std::span(measured.predicted).subspan(first, mask_count(masks)));
}

std::size_t chosen(const Measured& measured, CheckChoice choice, const AnswerRules& rules) {
  if (choice == CheckChoice::card) return chosen(measured, rules[kind_of(measured.prompt)]);
  if (choice != CheckChoice::oracle) return chosen(measured, static_cast<AnswerRule>(choice));
  const auto first = measured.iou.begin() + 1;
  return static_cast<std::size_t>(std::max_element(first, measured.iou.end()) - measured.iou.begin());
}

double quality_error(const Measured& measured, std::size_t place) {
  return std::abs(std::clamp(measured.predicted.at(place), 0.0, 1.0) - measured.iou.at(place));
}

Mask answered(const Network& network, std::int64_t frame_side, const PictureCache& cache,
              const TrainPicture& picture, const Prompt& prompt, AnswerRule rule) {
  Answered answer = PromptedPicture(network, frame_side, cache, picture).ask(prompt);
  Measured measured;
  measured.predicted = answer.predicted;
  return std::move(answer.masks.at(chosen(measured, rule)));
}

std::vector<TaskRef> tasks_of(std::span<const TrainPicture> pictures, SplitPart part, std::size_t limit) {
  std::map<std::string, std::vector<TaskRef>> sets;
  std::size_t total = 0;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (pictures[i].part != part || !pictures[i].view.empty()) continue;
    for (const std::size_t object : pictures[i].tasks) sets[pictures[i].dataset].push_back({i, object});
    total += pictures[i].tasks.size();
  }
  std::size_t left = std::min(limit, total), sets_left = sets.size();
  // Small sets first, so that what they cannot use goes to the others.
  std::vector<std::vector<TaskRef>*> by_size;
  for (auto& [name, tasks] : sets) by_size.push_back(&tasks);
  std::ranges::stable_sort(by_size, {}, [](const auto* tasks) { return tasks->size(); });
  std::vector<TaskRef> chosen_tasks;
  for (const auto* tasks : by_size) {
    const std::size_t count = std::min(tasks->size(), left / sets_left--);
    for (std::size_t i = 0; i < count; ++i)
      chosen_tasks.push_back((*tasks)[(2 * i + 1) * tasks->size() / (2 * count)]);
    left -= count;
  }
  std::ranges::sort(chosen_tasks, {},
                    [](const TaskRef& task) { return std::pair(task.picture, task.object); });
  return chosen_tasks;
}

CheckResult check(const Network& network, std::int64_t frame_side, const PictureCache& cache,
                  std::span<const TrainPicture> pictures, std::span<const TaskRef> tasks,
                  const CheckOptions& options) {
  std::vector<std::span<const TaskRef>> of_picture;
  for (std::size_t first = 0, end = 0; first < tasks.size(); first = end) {
    while (end < tasks.size() && tasks[end].picture == tasks[first].picture) ++end;
    of_picture.push_back(tasks.subspan(first, end - first));
  }
  std::vector<CheckResult> results(of_picture.size());
  parallel_for(options.threads, static_cast<std::int64_t>(of_picture.size()), [&](std::int64_t i) {
    if (options.before_picture) options.before_picture();
    const auto& own = of_picture[static_cast<std::size_t>(i)];
    const TrainPicture& picture = pictures[own.front().picture];
    const PromptedPicture open(network, frame_side, cache, picture);
    results[static_cast<std::size_t>(i)] = check_picture(open, picture, own, options);
  });
  CheckResult all;
  for (CheckResult& one : results) {
    std::ranges::move(one.measured, std::back_inserter(all.measured));
    std::ranges::move(one.sensitivity.two_points, std::back_inserter(all.sensitivity.two_points));
    std::ranges::move(one.sensitivity.outside, std::back_inserter(all.sensitivity.outside));
    std::ranges::move(one.classes, std::back_inserter(all.classes));
  }
  return all;
}

}  // namespace sonde
