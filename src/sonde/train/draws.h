// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sonde/core/random.h"
#include "sonde/imaging/prompt.h"
#include "sonde/train/data.h"
#include "sonde/train/tuner.h"

namespace sonde {

enum class DrawnKind { point, random_point, box, jittered_box, class_name };
constexpr auto words(DrawnKind /*kind*/) {
  return Words{"", "point", "random point", "box", "jittered box", "class"};
}

struct DrawOptions {
  std::uint64_t seed = 1;
  double jitter = 0.1;  // of boxes, as jittered_box has it
  int clicks = 3;       // points of a prompt, at most
  // Where draws begin anew: no step after a multiple of it goes on with the one before, so that what is saved
  // there need not hold predictions.
  std::int64_t chain_limit = 50;
  // Every second draw of a batch is of another object of the picture before it, where there is one: cheaper
  // where pictures are encoded in each step.
  bool pairs = false;
  bool points = true, boxes = true, classes = false;
  std::vector<std::string> class_names{};  // where classes are drawn
};

// One example to be.
struct Draw {
  std::size_t picture = 0, object = 0;  // object: of TrainPicture::objects; of nothing where !present
  DrawnKind kind = DrawnKind::point;
  Prompt prompt;  // may be empty where there is a class
  std::optional<int> class_index;
  bool whole_class = false;  // all objects of the class are meant, not the one
  bool present = true;
};

// What each step learns from: a function of (seed, step, slot), whatever came before, so that a run goes on
// with the same prompts. Data sets are drawn equally, then a picture, then an object. Half of the steps go on
// with the objects of the step before, and one more click on the error of their prediction.
class Draws {
 public:
  // Only pictures of SplitPart::train that have tasks. Throws Error{usage} where there are none.
  Draws(std::span<const TrainPicture> pictures, DrawOptions options);

  // steps count from 1. 0: new objects; n: the n-th step that goes on with them.
  int position(std::int64_t step) const;
  Draw draw(std::int64_t step, int slot) const;
  // The draw with one more click; unchanged where the prediction has no error. logits: of the single mask and
  // the candidates, in the network's frame.
  Draw with_click(const Draw& before, const ExampleResult& answer, std::int64_t step, int slot,
                  std::int64_t frame_side) const;
  // The mask that is meant.
  Mask truth_of(const Draw& draw) const;

 private:
  Draw drawn_object(std::int64_t step, int slot) const;
  Draw drawn_object(Random& random) const;
  void draw_class(Draw& draw, Random& random) const;

  std::span<const TrainPicture> pictures_;
  DrawOptions options_;
  std::vector<std::vector<std::size_t>> sets_;  // pictures of each data set
  double go_on_ = 0;                            // chance that a step goes on where it may
};

// "1 point, 2 boxes" of a batch, for train.csv: "point:1 box:3"
std::string kinds_text(std::span<const Draw> draws);

// For the tuner: prompt in the network's frame, target and where padding begins. `picture`: its pixels or
// embedding.
TrainingExample example_of(const Draw& draw, const Draws& draws, const TrainPicture& shown,
                           std::shared_ptr<const TrainingPicture> picture, std::int64_t frame_side);

}  // namespace sonde
