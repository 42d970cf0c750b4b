// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "sonde/annotate/project.h"
#include "sonde/core/cause.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

// What the history holds of one event.
struct Recorded {
  StoredEvent event;
  std::vector<ObjectChange> changes;
  std::vector<RecordedAnswer> answers;
  std::vector<ObjectChange> of_target;  // of an undo or redo: the changes of the event that it is about
};

using Kind = ReplayFault::Kind;

std::string named(ObjectId id) { return "object " + std::to_string(id); }

std::string to_string(const std::optional<ObjectRecord>& record) {
  return record ? record_to_json(*record) : "";
}

// The first difference; absent: none.
std::optional<std::string> difference(const std::vector<ObjectChange>& recorded,
                                      const std::vector<ObjectChange>& computed) {
  for (std::size_t i = 0; i < std::max(recorded.size(), computed.size()); ++i) {
    if (i >= recorded.size()) return named(computed[i].id) + " changes, in the history it does not";
    if (i >= computed.size()) return named(recorded[i].id) + " does not change, in the history it does";
    const ObjectChange& a = recorded[i];
    const ObjectChange& b = computed[i];
    if (a.id != b.id) return named(b.id) + " changes, in the history " + named(a.id);
    if (a.delta != b.delta) {
      return "the mask of " + named(a.id) + " differs in " +
             std::to_string(voxel_count(symmetric_difference(a.delta, b.delta))) + " voxels";
    }
    if (to_string(a.before) != to_string(b.before) || to_string(a.after) != to_string(b.after))
      return named(a.id) + " has the same mask and is not the same";
  }
  return std::nullopt;
}

std::optional<std::string> difference(const std::vector<RecordedAnswer>& recorded,
                                      const std::vector<RecordedAnswer>& computed) {
  if (recorded.size() != computed.size()) {
    return "the network gives " + std::to_string(computed.size()) + " masks, in the history " +
           std::to_string(recorded.size());
  }
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    const RecordedAnswer& a = recorded[i];
    const RecordedAnswer& b = computed[i];
    if (a.voxels != b.voxels) {
      return "mask " + std::to_string(i + 1) + " of the network differs in " +
             std::to_string(voxel_count(symmetric_difference(a.voxels, b.voxels))) + " voxels";
    }
    if (a.predicted_iou != b.predicted_iou || a.stability != b.stability)
      return "the scores of mask " + std::to_string(i + 1) + " differ";
  }
  return std::nullopt;
}

std::optional<Recorded> recorded_after(const HistoryStore& history, ImageId image, Revision last,
                                       Extent3 extent) {
  auto event = history.next(image, last);
  if (!event) return std::nullopt;
  Recorded recorded{*event, history.changes_of(event->id, extent), history.answers_of(event->id, extent), {}};
  if (event->target) recorded.of_target = history.changes_of(*event->target, extent);
  return recorded;
}

class ImageReplay {
 public:
  ImageReplay(ImageId image, ImageGeometry grid, std::span<const AnnotationSegmenter> segmenters)
      : image_(image), grid_(grid), segmenters_(segmenters) {}

  const ObjectRecords& records() const { return records_; }

  std::optional<ReplayFault> play(const Recorded& recorded) {
    if (recorded.event.role == EventRole::note) return std::nullopt;
    ReplayFault fault{image_, recorded.event.id, Kind::differs, ""};
    try {
      if (recorded.event.role == EventRole::action && was_another_model(recorded.event)) {
        fault.kind = Kind::another_model;
        fault.what = "not asked again: it was another model (" + recorded.event.model_sha256.substr(0, 12) +
                     ", " + recorded.event.precision + ")";
      }
      const auto differs =
          recorded.event.role == EventRole::action ? play_action(recorded) : play_step(recorded);
      if (differs) fault = {image_, recorded.event.id, Kind::differs, *differs};
    } catch (const Error& error) {
      fault = {image_, recorded.event.id, Kind::not_computed, cause_of(error)};
    }
    fold(recorded);
    return fault.what.empty() ? std::nullopt : std::optional(fault);
  }

  std::function<std::vector<RecordedAnswer>(Revision)> answers_of;
  std::set<LabelId> labels;

 private:
  std::optional<std::string> play_action(const Recorded& recorded) const {
    const EventInput input = input_from_json(recorded.event.input);
    PlanContext context;
    context.image = image_;
    context.grid = grid_;
    context.overlap = input.overlap;
    context.emptied = input.emptied;
    context.labels = labels;
    context.next_object = input.next_object;
    context.event = recorded.event.id;
    context.answers_of = answers_of;
    const PlanAnswers answers{recorded.answers, input.first, input.object_score};
    if (auto fault = ask_again(recorded, context, input.action)) return fault;
    return difference(recorded.changes, plan(records_, context, input.action, answers).changes);
  }

  // The one that was asked; none: it is not among these.
  const AnnotationSegmenter* segmenter_of(const StoredEvent& event) const {
    const auto found = std::ranges::find_if(segmenters_, [&](const AnnotationSegmenter& one) {
      return one.model_sha256 == event.model_sha256 && one.precision == event.precision;
    });
    return found == segmenters_.end() ? nullptr : &*found;
  }
  bool was_another_model(const StoredEvent& event) const {
    return !event.model_sha256.empty() && segmenter_of(event) == nullptr;
  }

  std::optional<std::string> ask_again(const Recorded& recorded, const PlanContext& context,
                                       const Action& action) const {
    const AnnotationSegmenter* segmenter = segmenter_of(recorded.event);
    if (segmenter == nullptr) return std::nullopt;
    if (const auto* prompt = std::get_if<PromptAction>(&action)) {
      const Mask inside = inside_of_prompt(records_, context, *prompt);
      auto asked = answers_on_grid(segmenter->ask(image_, prompt->plane, prompt->prompt, inside), grid_,
                                   prompt->plane);
      // Histories of sonde before the single answer was shown keep the decoder's three candidates alone.
      if (recorded.answers.size() == 3 && asked.size() == 4) asked.erase(asked.begin());
      return difference(recorded.answers, asked);
    }
    if (const auto* everything = std::get_if<EverythingAction>(&action))
      return difference(recorded.answers, answers_on_grid(segmenter->everything(image_, *everything), grid_,
                                                          everything->plane));
    return std::nullopt;
  }

  // An undo is the event's changes the other way round, a redo the same once more.
  static std::optional<std::string> play_step(const Recorded& recorded) {
    std::vector<ObjectChange> expected = recorded.of_target;
    if (recorded.event.role == EventRole::undo) {
      for (ObjectChange& change : expected) std::swap(change.before, change.after);
    }
    return difference(recorded.changes, expected);
  }

  void fold(const Recorded& recorded) {
    const RunLengthMask none{grid_.extent, {}};
    for (const ObjectChange& change : recorded.changes) {
      const auto now = records_.find(change.id);
      const RunLengthMask before = now != records_.end() ? *now->second.voxels : none;
      if (!change.after) {
        records_.erase(change.id);
        continue;
      }
      ObjectRecord record = *change.after;
      record.voxels = std::make_shared<const RunLengthMask>(symmetric_difference(before, change.delta));
      records_[change.id] = std::move(record);
    }
  }

  ImageId image_;
  ImageGeometry grid_;
  std::span<const AnnotationSegmenter> segmenters_;
  ObjectRecords records_;
};

// The objects as they are now against those that the history leads to.
std::optional<std::string> difference(const ObjectRecords& now, const ObjectRecords& folded) {
  for (const auto& [id, record] : now) {
    const auto found = folded.find(id);
    if (found == folded.end()) return named(id) + " is there, in the history it is not";
    if (*found->second.voxels != *record.voxels)
      return "the mask of " + named(id) + " is not the one of its history";
    if (record_to_json(found->second) != record_to_json(record))
      return named(id) + " is not the one of its history";
  }
  for (const auto& [id, record] : folded) {
    if (!now.contains(id)) return named(id) + " is not there, in the history it is";
  }
  return std::nullopt;
}

}  // namespace

Replay Project::replay(std::span<const AnnotationSegmenter> segmenters, const Progress& progress) const {
  Replay found;
  const std::vector<ImageSummary> all = images();
  for (const ImageSummary& summary : all) {
    if (!summary.grid) continue;
    const Extent3 extent = summary.grid->extent;
    ImageReplay replay(summary.id, *summary.grid, segmenters);
    replay.labels = locked([&] { return all_labels(); });
    replay.answers_of = [&](Revision event) {
      return locked([&] { return history_.answers_of(event, extent); });
    };
    Revision last = 0;
    const auto next = [&] {
      auto recorded = recorded_after(history_, summary.id, last, extent);
      if (recorded) return recorded;
      // While nobody changes it.
      if (const auto fault = difference(state_of(summary.id).records, replay.records()))
        found.faults.push_back({summary.id, last, Kind::differs, *fault});
      return recorded;
    };
    while (const auto recorded = locked(next)) {
      last = recorded->event.id;
      if (recorded->event.role != EventRole::note) ++found.events;
      if (progress) progress({summary.source.name, found.images, static_cast<std::int64_t>(all.size())});
      if (auto fault = replay.play(*recorded)) found.faults.push_back(std::move(*fault));
    }
    ++found.images;
  }
  return found;
}

}  // namespace sonde
