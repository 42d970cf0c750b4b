// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/protocol.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sonde/core/error.h"

namespace sonde {
namespace {

// Two prompts of one key are the same prompt.
using PromptKey = std::string;
// Prompts of a round whose answers are united, by their order in it.
using PromptIndices = std::vector<std::size_t>;

struct Judged {
  Scores scores;
  Rle mask;
};

// One answer, or several united candidate by candidate. Judged when it is first chosen.
struct Candidates {
  PromptKind kind = PromptKind::point;  // of the prompt; prompts whose answers are united are of one kind
  std::vector<ScoredMask> three;
  std::optional<ScoredMask> single;
  std::vector<std::optional<Judged>> judged_three;
  std::optional<Judged> judged_single;
};

void unite(ScoredMask& into, const ScoredMask& other) {
  for (std::size_t i = 0; i < into.mask.pixels.size(); ++i) into.mask.pixels[i] |= other.mask.pixels[i];
  into.predicted_iou += other.predicted_iou;
}

// The prompts of one round: every different one is sent once.
class Round {
 public:
  // Returns the index of its answer.
  std::size_t add(const Prompt& prompt, const PromptKey& key) {
    const auto [found, is_new] = indices_.emplace(key, prompts_.size());
    if (is_new) prompts_.push_back(prompt);
    return found->second;
  }
  void send(const Segmenter& segmenter, MaskSet wanted) {
    if (prompts_.empty()) return;
    answers_ = segmenter(prompts_, wanted);
    if (answers_.size() != prompts_.size()) throw Error(ErrorKind::internal, "a prompt was not answered");
  }
  Candidates& answer(const PromptIndices& indices) {
    const auto [found, is_new] = united_.try_emplace(indices);
    if (is_new) found->second = unite_answers(indices);
    return found->second;
  }

 private:
  Candidates unite_answers(const PromptIndices& indices) const {
    const Answer& front = answers_[indices.front()];
    Candidates all{kind_of(prompts_[indices.front()]), front.candidates, front.single, {}, {}};
    for (std::size_t i = 1; i < indices.size(); ++i) {
      const Answer& answer = answers_[indices[i]];
      for (std::size_t k = 0; k < all.three.size(); ++k) unite(all.three[k], answer.candidates[k]);
      if (all.single) unite(*all.single, *answer.single);
    }
    all.judged_three.resize(all.three.size());
    return all;
  }

  std::map<PromptKey, std::size_t> indices_;
  std::vector<Prompt> prompts_;
  std::vector<Answer> answers_;
  std::map<PromptIndices, Candidates> united_;
};

// What a choice took.
struct Selection {
  const ScoredMask* answer = nullptr;
  const Judged* judged = nullptr;
  std::optional<int> candidate;
};

class CandidateSelector {
 public:
  CandidateSelector(const ProtocolTask& task, const ProtocolOptions& options)
      : truth_(task.truth), scorer_(task.truth, task.spacing, options.tolerance), rules_(options.rules) {}

  Selection select(Choice choice, Candidates& from) const {
    if (choice == Choice::single || (choice == Choice::card && rules_[from.kind] == AnswerRule::single)) {
      return {&from.single.value(), &judge(*from.single, from.judged_single), std::nullopt};
    }
    const std::size_t index = index_of(choice, from);
    const ScoredMask& answer = from.three.at(index);
    return {&answer, &judge(answer, from.judged_three[index]), static_cast<int>(index)};
  }

 private:
  const Judged& judge(const ScoredMask& answer, std::optional<Judged>& known) const {
    if (!known) known = Judged{scorer_.score(answer.mask), encode_rle(answer.mask)};
    return *known;
  }
  // The first of equals.
  std::size_t index_of(Choice choice, const Candidates& from) const {
    if (choice != Choice::oracle) return answer_index(rule_of(choice, from.kind), MaskSet::three, from.three);
    std::vector<double> ious;
    for (const ScoredMask& answer : from.three) ious.push_back(iou(truth_, answer.mask));
    return static_cast<std::size_t>(std::max_element(ious.begin(), ious.end()) - ious.begin());
  }
  AnswerRule rule_of(Choice choice, PromptKind kind) const {
    if (choice == Choice::card) return rules_[kind];
    return choice == Choice::first ? AnswerRule::first : AnswerRule::confident;
  }

  const Mask& truth_;
  Scorer scorer_;
  AnswerRules rules_;
};

// The click sequence of one choice.
struct ClickPath {
  Choice choice = Choice::confidence;
  Prompt prompt;
  std::string history;  // tells sequences apart that sent different masks back
  Mask prediction;
  std::vector<Outcome> outcomes;
  std::size_t index = 0;  // of its answer in the present round
  enum class State { asking, perfect } state = State::asking;
};

// What the choices need of the decoder. Which kinds of prompt come is not known here.
MaskSet masks_for(const ProtocolOptions& options) {
  bool single = false, three = false;
  const auto add = [&](AnswerRule rule) { (masks_for(rule) == MaskSet::single ? single : three) = true; };
  for (const Choice choice : options.choices) {
    if (choice == Choice::card) {
      for (const AnswerRule rule : options.rules.of_kind) add(rule);
    } else {
      add(choice == Choice::single ? AnswerRule::single : AnswerRule::first);
    }
  }
  return !single ? MaskSet::three : three ? MaskSet::all : MaskSet::single;
}

class TaskRun {
 public:
  TaskRun(const ProtocolTask& task, const Segmenter& segmenter, const ProtocolOptions& options)
      : task_(task),
        segmenter_(segmenter),
        options_(options),
        user_{options.user, task.name},
        selector_(task, options) {
    wanted_ = masks_for(options);
  }

  std::vector<Outcome> run() {
    first_round();
    for (int step = 2; step <= options_.clicks; ++step) click(step);
    std::vector<Outcome> outcomes = std::move(of_modes_);
    for (ClickPath& path : paths_) {
      std::move(path.outcomes.begin(), path.outcomes.end(), std::back_inserter(outcomes));
    }
    return outcomes;
  }

 private:
  static Outcome outcome(const std::string& protocol, Choice choice, const std::string& prompt,
                         const Selection& selection) {
    return {protocol,
            choice,
            1,
            prompt,
            selection.judged->scores,
            selection.answer->predicted_iou,
            selection.candidate,
            selection.judged->mask};
  }

  void first_round() {
    Round round;
    struct ModePrompts {
      int mode = 0;
      std::string prompt;
      PromptIndices indices;
    };
    std::vector<ModePrompts> sent;
    for (const int mode : options_.modes) {
      const std::vector<Prompt> prompts = mode_prompts(mode, task_.truth, user_);
      sent.push_back({mode, prompt_text(prompts), {}});
      for (const Prompt& prompt : prompts)
        sent.back().indices.push_back(round.add(prompt, prompt_text({prompt})));
    }
    start_paths(round);
    round.send(segmenter_, wanted_);
    for (const ModePrompts& of_mode : sent) {
      Candidates& candidates = round.answer(of_mode.indices);
      for (const Choice choice : options_.choices) {
        of_modes_.push_back(outcome("mode" + std::to_string(of_mode.mode), choice, of_mode.prompt,
                                    selector_.select(choice, candidates)));
      }
    }
    finish_clicks(round, 1);
  }

  void start_paths(Round& round) {
    if (options_.clicks < 1) return;
    const auto point = farthest_point(task_.truth, user_, 1);
    const Prompt prompt{{{point.value().jittered, PointLabel::foreground}}, {}, {}};
    for (const Choice choice : options_.choices) {
      paths_.push_back({choice, prompt, "", {}, {}, round.add(prompt, prompt_text({prompt})), {}});
    }
  }

  void click(int step) {
    Round round;
    const Mask& positive = options_.sign == ClickSign::target ? task_.truth : *task_.any_class;
    for (ClickPath& path : paths_) {
      if (path.state == ClickPath::State::perfect) continue;
      const auto point = next_click(task_.truth, path.prediction, positive, user_, step);
      if (!point) {
        path.state = ClickPath::State::perfect;
        continue;
      }
      path.prompt.points.push_back(*point);
      path.index = round.add(path.prompt, prompt_text({path.prompt}) + path.history);
    }
    round.send(segmenter_, wanted_);
    finish_clicks(round, step);
  }

  // Paths of the same answer share its scores.
  void finish_clicks(Round& round, int step) {
    for (ClickPath& path : paths_) {
      if (path.state == ClickPath::State::perfect) {
        path.outcomes.push_back(path.outcomes.back());
        path.outcomes.back().step = step;
        continue;
      }
      const Selection selection = selector_.select(path.choice, round.answer({path.index}));
      path.outcomes.push_back(outcome("clicks", path.choice, prompt_text({path.prompt}), selection));
      path.outcomes.back().step = step;
      path.prediction = selection.answer->mask;
      if (options_.feedback == Feedback::logits) {
        path.prompt.mask = selection.answer->low_res;
        path.history += selection.candidate ? '|' + std::to_string(*selection.candidate) : "|s";
      }
    }
  }

  const ProtocolTask& task_;
  const Segmenter& segmenter_;
  const ProtocolOptions& options_;
  TaskUser user_;
  CandidateSelector selector_;
  MaskSet wanted_ = MaskSet::three;
  std::vector<Outcome> of_modes_;
  std::vector<ClickPath> paths_;
};

}  // namespace

Feedback parse_feedback(std::string_view text) {
  if (text == "none") return Feedback::none;
  if (text == "logits") return Feedback::logits;
  throw Error(ErrorKind::usage, "--feedback " + std::string(text) + ": none or logits");
}
std::string_view to_string(Feedback feedback) { return feedback == Feedback::none ? "none" : "logits"; }

ClickSign parse_sign(std::string_view text) {
  if (text == "class") return ClickSign::target;
  if (text == "image") return ClickSign::any_class;
  throw Error(ErrorKind::usage, "--sign " + std::string(text) + ": class or image");
}
std::string_view to_string(ClickSign sign) { return sign == ClickSign::target ? "class" : "image"; }

void validate(const ProtocolOptions& options) {
  constexpr int kMaxClicks = 100;
  for (const int mode : options.modes) {
    if (mode < 1 || mode > 5)
      throw Error(ErrorKind::usage, "--modes " + std::to_string(mode) + ": modes are 1 to 5");
  }
  if (std::set<int>(options.modes.begin(), options.modes.end()).size() != options.modes.size()) {
    throw Error(ErrorKind::usage, "--modes names a mode twice");
  }
  if (options.clicks < 0 || options.clicks > kMaxClicks) {
    throw Error(ErrorKind::usage, "--clicks is 0 to 100");
  }
  if (options.choices.empty()) throw Error(ErrorKind::usage, "--choose names no choice");
  if (std::set<Choice>(options.choices.begin(), options.choices.end()).size() != options.choices.size()) {
    throw Error(ErrorKind::usage, "--choose names a choice twice");
  }
  if (options.modes.empty() && options.clicks == 0) {
    throw Error(ErrorKind::usage, "--modes and --clicks leave nothing to do");
  }
  if (!(options.tolerance >= 0 && options.tolerance <= 1e6)) {
    throw Error(ErrorKind::usage, "--tolerance is a distance, 0 to 1000000");
  }
  validate(options.user);
}

std::vector<Outcome> run_protocol(const ProtocolTask& task, const Segmenter& segmenter,
                                  const ProtocolOptions& options) {
  return TaskRun(task, segmenter, options).run();
}

}  // namespace sonde
