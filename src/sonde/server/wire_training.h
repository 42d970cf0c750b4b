// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sonde/annotate/objects.h"
#include "sonde/core/fields.h"

// Of wire.h: what is said of training on what is approved, and of whose answers a person wants.
namespace sonde::wire {

// What of the network is tuned: those words of TunedPart that leave the image encoder as it is.
enum class TrainingPart { lora, decoder, quality };
constexpr auto words(TrainingPart /*part*/) { return Words{"TrainingPart", "lora", "decoder", "quality"}; }

inline constexpr NumberRange kTrainingSteps{1, 10000}, kSeeds{0, 1e9}, kTrainingNumbers{1, 1e6};

struct TrainingSettings {
  TrainingPart what = TrainingPart::lora;
  std::int64_t steps = 200, seed = 1;
};
template <class V>
void describe(V& v, TrainingSettings& settings) {
  v("what", settings.what, {.presence = Presence::defaulted, .note = "lora, decoder or quality"});
  v("steps", settings.steps,
    {.range = kTrainingSteps, .presence = Presence::defaulted, .note = "200 by default"});
  v("seed", settings.seed, {.range = kSeeds, .presence = Presence::defaulted, .note = "1 by default"});
}
struct TrainingRequest {
  TrainingSettings settings;
  std::optional<std::int64_t> go_on;
};
template <class V>
void describe(V& v, TrainingRequest& request) {
  v.shape("TrainingRequest");
  describe(v, request.settings);
  v("go_on", request.go_on,
    {.range = kTrainingNumbers, .note = "with one that was stopped, by its number and its settings"});
}

struct ModelRequest {
  std::optional<std::int64_t> training;
};
template <class V>
void describe(V& v, ModelRequest& request) {
  v.shape("ModelRequest");
  v("training", request.training,
    {.range = kTrainingNumbers,
     .note = "whose weights answer from now on; null: those that sonde is started with"});
}

struct CompareRequest {
  std::int64_t training = 0;
  PlaneRef plane;
  PromptWithWindow prompt;
};
template <class V>
void describe(V& v, CompareRequest& request) {
  v.shape("CompareRequest");
  v("training", request.training, {.range = kTrainingNumbers});
  v("plane", request.plane);
  describe(v, request.prompt);
}

struct TrainedResult {
  std::int64_t training = 0;
};
template <class V>
void describe(V& v, const TrainedResult& result) {
  v.shape("TrainedResult");
  v("training", result.training, {.note = "its number"});
}

enum class TrainingState { running, stopped, done };
constexpr auto words(TrainingState /*state*/) { return Words{"TrainingState", "running", "stopped", "done"}; }
// Before and after, for one kind of prompt, on pictures that were not trained on.
struct TrainingTest {
  std::string prompt;
  std::int64_t n = 0;
  double before = 0, after = 0, low = 0, high = 0;
};
template <class V>
void describe(V& v, const TrainingTest& test) {
  v.shape("TrainingTest");
  v("prompt", test.prompt);
  v("n", test.n, {.note = "objects"});
  v("before", test.before, {.note = "mean IoU"});
  v("after", test.after);
  v("low", test.low, {.note = "of `after`: its 95 % interval"});
  v("high", test.high);
}
struct TrainingGuard {
  std::string name;
  double before = 0, after = 0, limit = 0;
  bool passed = true;
};
template <class V>
void describe(V& v, const TrainingGuard& guard) {
  v.shape("TrainingGuard");
  v("name", guard.name);
  v("before", guard.before);
  v("after", guard.after);
  v("limit", guard.limit);
  v("passed", guard.passed);
}
struct TrainingFacts {
  std::int64_t training = 0;
  TrainingState state = TrainingState::stopped;
  TrainingSettings settings;
  std::string file;
  std::vector<TrainingTest> test;
  std::vector<TrainingGuard> guards;
  std::vector<std::string> notes;
  bool has_report = false;
};
template <class V>
void describe(V& v, const TrainingFacts& facts) {
  TrainingSettings settings = facts.settings;
  v.shape("Training");
  v("training", facts.training, {.note = "its number"});
  v("state", facts.state);
  v("what", settings.what);
  v("steps", settings.steps);
  v("seed", settings.seed);
  v("file", facts.file,
    {.note = "of its weights, relative to the project; this and the rest: once it is done"});
  v("test", facts.test);
  v("guards", facts.guards);
  v("notes", facts.notes);
  v("report", facts.has_report, {.note = "at /api/training/NUMBER/report"});
}
// What there is to train on, and what has been trained.
struct TrainingList {
  std::optional<std::string> missing;
  std::int64_t objects = 0, images = 0;
  double seconds_to_begin = 0, seconds_a_step = 0;
  std::vector<TrainingFacts> trainings;
};
template <class V>
void describe(V& v, const TrainingList& list) {
  v.shape("TrainingList");
  v("missing", list.missing, {.note = "why none can be started, one line for people; null: it can"});
  v("objects", list.objects, {.note = "that are approved"});
  v("images", list.images, {.note = "that have some"});
  v("seconds_to_begin", list.seconds_to_begin, {.note = "about, on this machine"});
  v("seconds_a_step", list.seconds_a_step, {.note = "checks included"});
  v("trainings", list.trainings, {.note = "newest first"});
}

}  // namespace sonde::wire
