// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/draws.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/core/random.h"
#include "sonde/evaluate/simulate.h"
#include "sonde/predict/frame_prompt.h"
#include "sonde/predict/mask_upscaler.h"
#include "sonde/predict/preprocess.h"

namespace sonde {
namespace {

constexpr double kTightJitter = 0.02;

// The chance to go on that makes half of all steps go on, where chains end after `clicks` steps: the root of
// p + p^2 + ... + p^(clicks - 1) = 1.
double chance_to_go_on(int clicks) {
  if (clicks < 2) return 0;
  double low = 0.5, high = 1;
  for (int i = 0; i < 50; ++i) {
    const double p = (low + high) / 2;
    double sum = 0;
    for (int power = 1; power < clicks; ++power) sum += std::pow(p, power);
    (sum < 1 ? low : high) = p;
  }
  return high;
}

std::string place(std::int64_t step, int slot) {
  return "step " + std::to_string(step) + " slot " + std::to_string(slot);
}

TaskUser user_at(const DrawOptions& options, std::int64_t step, int slot) {
  return {{.ties = Ties::random, .seed = options.seed}, place(step, slot)};
}

void set_point(Draw& draw, const Mask& truth, const TaskUser& user) {
  const Point2 at = draw.kind == DrawnKind::random_point ? random_point(truth, user).value()
                                                         : farthest_point(truth, user, 1).value().aim;
  draw.prompt.points = {{at, PointLabel::foreground}};
}

void set_box(Draw& draw, const Mask& truth, const TaskUser& user, double jitter) {
  const double share = draw.kind == DrawnKind::box ? kTightJitter : jitter;
  draw.prompt.box = jittered_box(truth, share, user).value();
}

template <std::size_t N>
auto one_of(const std::array<DrawnKind, N>& kinds, Random& random) {
  return kinds[random.below(N)];
}

}  // namespace

Draws::Draws(std::span<const TrainPicture> pictures, DrawOptions options)
    : pictures_(pictures), options_(std::move(options)), go_on_(chance_to_go_on(options_.clicks)) {
  std::map<std::string, std::vector<std::size_t>> sets;
  for (std::size_t i = 0; i < pictures.size(); ++i)
    if (pictures[i].part == SplitPart::train && !pictures[i].tasks.empty())
      sets[pictures[i].dataset].push_back(i);
  for (auto& [name, of_set] : sets) sets_.push_back(std::move(of_set));
  if (sets_.empty()) throw Error(ErrorKind::usage, "no object is left to train on");
}

int Draws::position(std::int64_t step) const {
  std::int64_t at = (step - 1) / options_.chain_limit * options_.chain_limit + 1;
  int position = 0;
  for (++at; at <= step; ++at) {
    Random random(named_seed(options_.seed, "go on\n" + std::to_string(at)));
    position = position + 1 < options_.clicks && random.uniform() < go_on_ ? position + 1 : 0;
  }
  return position;
}

Draw Draws::drawn_object(Random& random) const {
  const std::vector<std::size_t>& set = sets_[random.below(sets_.size())];
  Draw draw;
  draw.picture = set[random.below(set.size())];
  const std::vector<std::size_t>& tasks = pictures_[draw.picture].tasks;
  draw.object = tasks[random.below(tasks.size())];
  return draw;
}

Draw Draws::drawn_object(std::int64_t step, int slot) const {
  Random random(named_seed(options_.seed, "object\n" + place(step, slot)));
  if (options_.pairs && slot % 2 == 1) {
    Draw draw = drawn_object(step, slot - 1);
    std::vector<std::size_t> others = pictures_[draw.picture].tasks;
    std::erase(others, draw.object);
    if (!others.empty()) {
      draw.object = others[random.below(others.size())];
      return draw;
    }
  }
  return drawn_object(random);
}

// A class alone, one of them in four that the picture does not show; or with a point or a box, as often.
void Draws::draw_class(Draw& draw, Random& random) const {
  const std::vector<TrainObject>& objects = pictures_[draw.picture].objects;
  const auto index_of = [&](const std::string& name) {
    return static_cast<int>(std::ranges::find(options_.class_names, name) - options_.class_names.begin());
  };
  draw.class_index = index_of(objects[draw.object].class_name);
  const double what = random.uniform();
  if (what >= 0.75 && options_.boxes) {
    draw.kind = DrawnKind::jittered_box;
  } else if (what >= 0.5 && options_.points) {
    draw.kind = DrawnKind::random_point;
  } else {
    draw.kind = DrawnKind::class_name;
    draw.whole_class = true;
    std::vector<int> absent;
    for (const std::string& name : options_.class_names)
      if (std::ranges::find(objects, name, &TrainObject::class_name) == objects.end())
        absent.push_back(index_of(name));
    if (!absent.empty() && random.uniform() < 0.25) {
      draw.class_index = absent[random.below(absent.size())];
      draw.present = false;
    }
  }
}

Draw Draws::draw(std::int64_t step, int slot) const {
  Draw draw = drawn_object(step, slot);
  Random random(named_seed(options_.seed, "kind\n" + place(step, slot)));
  std::vector<int> families;  // 0 points, 1 boxes, 2 classes
  if (options_.points) families.push_back(0);
  if (options_.boxes) families.push_back(1);
  if (options_.classes) families.push_back(2);
  const int family = families[random.below(families.size())];
  if (family == 0) draw.kind = one_of(std::array{DrawnKind::point, DrawnKind::random_point}, random);
  if (family == 1) draw.kind = one_of(std::array{DrawnKind::box, DrawnKind::jittered_box}, random);
  if (family == 2) draw_class(draw, random);
  if (draw.kind == DrawnKind::class_name) return draw;
  const Mask truth = truth_of(draw);
  const TaskUser user = user_at(options_, step, slot);
  if (draw.kind == DrawnKind::point || draw.kind == DrawnKind::random_point) {
    set_point(draw, truth, user);
  } else {
    set_box(draw, truth, user, options_.jitter);
  }
  return draw;
}

Mask Draws::truth_of(const Draw& draw) const {
  const TrainPicture& picture = pictures_[draw.picture];
  if (!draw.present) return empty_mask(picture.extent);
  Mask truth = decode_rle(picture.objects[draw.object].mask);
  if (!draw.whole_class) return truth;
  for (const TrainObject& object : picture.objects) {
    if (object.class_name != picture.objects[draw.object].class_name) continue;
    const Mask more = decode_rle(object.mask);
    for (std::size_t i = 0; i < truth.pixels.size(); ++i) truth.pixels[i] |= more.pixels[i];
  }
  return truth;
}

Draw Draws::with_click(const Draw& before, const ExampleResult& answer, std::int64_t step, int slot,
                       std::int64_t frame_side) const {
  if (!before.present || static_cast<int>(before.prompt.points.size()) >= options_.clicks) return before;
  const TaskUser user = user_at(options_, step, slot);
  Random random(named_seed(options_.seed, "answer\n" + place(step, slot)));
  // Whose error is clicked on: people see the answer of any rule, so the single mask, the most confident
  // candidate and the best one take turns.
  const auto best_of = [](const std::array<float, 4>& values) {
    return static_cast<std::size_t>(std::max_element(values.begin() + 1, values.end()) - values.begin());
  };
  const std::array<std::size_t, 3> taken{0, best_of(answer.predicted_iou), best_of(answer.iou)};
  const std::vector<float>& logits = answer.logits.at(taken.at(random.below(taken.size())));
  const Mask truth = truth_of(before);
  const MaskUpscaler upscaler(truth.extent, frame_side);
  const auto click = next_click(truth, upscaler.threshold(logits).mask, truth, user,
                                static_cast<int>(before.prompt.points.size()) + 1);
  Draw next = before;
  if (click) next.prompt.points.push_back(*click);
  return next;
}

std::string kinds_text(std::span<const Draw> draws) {
  constexpr auto kWords = words(DrawnKind{}).list;
  std::array<int, kWords.size()> counts{};
  for (const Draw& draw : draws) ++counts.at(static_cast<std::size_t>(draw.kind));
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts.at(i) == 0) continue;
    text += (text.empty() ? "" : "; ") + std::to_string(counts.at(i)) + ' ' + std::string(kWords.at(i));
  }
  return text;
}

TrainingExample example_of(const Draw& draw, const Draws& draws, const TrainPicture& shown,
                           std::shared_ptr<const TrainingPicture> picture, std::int64_t frame_side) {
  TrainingExample example;
  example.picture = std::move(picture);
  example.prompt = in_frame(draw.prompt, shown.extent, frame_side);
  example.class_index = draw.class_index;
  example.target = mask_shares(draws.truth_of(draw), frame_side);
  const Extent2 frame = resized_extent(shown.extent, frame_side);
  const auto cells = [](std::int64_t pixels) { return std::max<std::int64_t>(1, low_res_side(pixels)); };
  example.width = cells(frame.width);
  example.height = cells(frame.height);
  example.present = draw.present;
  return example;
}

}  // namespace sonde
