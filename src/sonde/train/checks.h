// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "sonde/core/progress.h"
#include "sonde/imaging/answer_rule.h"
#include "sonde/inference/network.h"
#include "sonde/train/data.h"
#include "sonde/train/picture_cache.h"

namespace sonde {

// What a check asks for each object.
enum class CheckPrompt {
  point,         // its centre: farthest from its boundary
  random_point,  // any pixel of it
  box,
  jittered_box,   // as training draws it: it may cut the object
  box_and_click,  // the box, and a click at the error of its answer
  two_clicks,     // the centre, and a click at the error of each answer
  three_clicks,
  five_clicks,
  class_name  // a class alone: all its objects of the picture, as one mask
};
constexpr auto words(CheckPrompt /*prompt*/) {
  return Words{"",         "1 point",  "random point", "box",  "jittered box", "box and click",
               "2 clicks", "3 clicks", "5 clicks",     "class"};
}
inline constexpr std::size_t kCheckPrompts = words(CheckPrompt{}).list.size();
PromptKind kind_of(CheckPrompt prompt);

// Whose mask counts: that of a rule, the best of the three candidates by the truth, or that of the model's
// own rules.
enum class CheckChoice { single, first, second, third, confident, oracle, card };
constexpr auto words(CheckChoice /*choice*/) {
  return Words{"", "single", "first", "second", "third", "confident", "oracle", "card"};
}
inline constexpr std::size_t kCheckChoices = words(CheckChoice{}).list.size();

// The decoder's four answers to one prompt: the single mask, then the candidates.
struct Measured {
  std::size_t picture = 0, object = 0;  // of TrainPicture::objects
  CheckPrompt prompt = CheckPrompt::point;
  std::array<double, 4> iou{}, predicted{};  // at the picture's extent
  Prompt asked{};
};
// The place in `iou` and `predicted`; rules: of the model, for CheckChoice::card.
std::size_t chosen(const Measured& measured, CheckChoice choice, const AnswerRules& rules);
std::size_t chosen(const Measured& measured, AnswerRule rule);
// |predicted - true| of the answer there, the predicted IoU cut to 0 .. 1.
double quality_error(const Measured& measured, std::size_t place);

// Whether the network listens to where a point is.
struct Sensitivity {
  // Of each picture with two objects: IoU of the single masks for their centre points. Of each picture with
  // room beside its objects: the share of it that the single mask of a point far from all of them covers.
  std::vector<double> two_points, outside;
};
// Whether the network finds a class in a picture, by its object score.
struct ClassSeen {
  std::size_t picture = 0;
  int class_index = 0;
  bool present = false, found = false;
  double iou = 0;  // of what the model's rule takes, where it is present
};
struct CheckResult {
  std::vector<Measured> measured;  // by picture, object, prompt
  Sensitivity sensitivity;
  std::vector<ClassSeen> classes;  // by picture, class
};

struct CheckOptions {
  AnswerRules rules;  // whose answers are clicked on
  double jitter = 0.1;
  std::uint64_t seed = 1;
  int threads = 1;                         // pictures at a time
  std::vector<std::string> class_names{};  // that the network has, in the order of their tokens
  std::function<void()> before_picture{};  // may throw, to stop
};
// The mask that a rule takes for a prompt, at the picture's extent.
Mask answered(const Network& network, std::int64_t frame_side, const PictureCache& cache,
              const TrainPicture& picture, const Prompt& prompt, AnswerRule rule);

// An object that is measured.
struct TaskRef {
  std::size_t picture = 0, object = 0;
};
// All tasks of a part, or, of more than `limit`, as many of each data set as there are to give, spread evenly
// over its pictures.
std::vector<TaskRef> tasks_of(std::span<const TrainPicture> pictures, SplitPart part, std::size_t limit);

// tasks: by picture. Depends on network, tasks and seed alone.
CheckResult check(const Network& network, std::int64_t frame_side, const PictureCache& cache,
                  std::span<const TrainPicture> pictures, std::span<const TaskRef> tasks,
                  const CheckOptions& options);

}  // namespace sonde
