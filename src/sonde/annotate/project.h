// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "sonde/annotate/action.h"
#include "sonde/annotate/chosen_model.h"
#include "sonde/annotate/history_store.h"
#include "sonde/annotate/mask_store.h"
#include "sonde/annotate/objects.h"
#include "sonde/annotate/plan.h"
#include "sonde/annotate/project_database.h"
#include "sonde/annotate/segmenter.h"
#include "sonde/core/progress.h"
#include "sonde/imaging/run_length_mask.h"

namespace sonde {

// Of each label action what docs/http.md says. Fields that are absent stay.
struct LabelEdit {
  std::optional<std::string> name, colour, shortcut;
  // Of a new label; a label that no object carries gives it up, one that objects carry keeps it and the new
  // label gets another.
  std::optional<std::int32_t> value = {};
};
template <class V>
void describe(V& v, LabelEdit& edit) {
  v("name", edit.name, {.presence = Presence::left_out});
  v("colour", edit.colour, {.presence = Presence::left_out});
  v("shortcut", edit.shortcut, {.presence = Presence::left_out});
  if constexpr (kIsStored<V>) v("value", edit.value, {.presence = Presence::left_out});
}

// A mask of an object or of one of its candidates, as it is at `revision`.
struct ObjectMask {
  ObjectId object = 0;
  std::optional<std::size_t> candidate;  // absent: the object's own
  Revision revision = 0;
  RunLengthMask pixels;  // of a slice: a picture
};

// What an action has changed, or what has changed since a revision.
struct Changes {
  Revision revision = 0;                  // the project's
  std::optional<std::string> undo, redo;  // kind of the action that each would act on, for who asks
  std::optional<Taken> taken;             // by the action, from others
  std::vector<AnnotatedObject> changed;
  std::vector<ObjectId> removed;
  ImageSummary image;
};

struct HistoryEvent {
  Revision id = 0;
  std::string time;  // UTC, ISO 8601, milliseconds
  std::string kind, summary, model_sha256, window;
  bool undone = false;
};

// What is not as the history says, or could not be compared.
struct ReplayFault {
  enum class Kind {
    differs,
    another_model,  // compared from the network's stored answers; the network was not asked again
    not_computed    // its image cannot be read, say
  };
  ImageId image = 0;
  Revision event = 0;
  Kind kind = Kind::differs;
  std::string what;
};
struct Replay {
  std::int64_t images = 0, events = 0;  // that were computed again
  std::vector<ReplayFault> faults;
};

// The objects of an image that is in use.
struct ImageState {
  ImageGeometry grid;
  ObjectRecords records;
  UndoPath path;
  std::map<ObjectId, Revision> removed;  // objects that are gone, and since when
  std::uint64_t used = 0;                // the greatest: last
};

// A project folder: sonde.sqlite (WAL) holds images, labels, objects and the append-only history; masks/
// holds an object's mask each, named by object and revision, written before the event that names it is
// committed. What a killed process left behind is swept when the project is opened; a mask file that is
// damaged or gone is made again from the history.
//
// Every event stores its inputs (prompt, stroke, window, model) and, for each object it changed, the object
// before and after and the exclusive-or of its voxels, so that undo, redo and rebuilding are the
// same operation.
//
// Safe to use from several threads: one change at a time, and none waits for the network (ask and everything
// compute outside the lock and are tried again if the object has changed meanwhile).
class Project {
 public:
  // Opens or creates. Throws Error: usage (another process has it open; not a project folder and not empty),
  // corrupt_data, unavailable (cannot be written), unsupported (written by a newer sonde).
  static Project open(const std::filesystem::path& folder) { return Project(folder); }
  explicit Project(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return database_.folder(); }
  Revision revision() const;

  // Adds those that are not there yet (same path, series and frame). Returns their ids in the given order.
  std::vector<ImageId> add_images(std::span<const ImageSource> images);
  std::vector<ImageSummary> images() const;
  ImageSummary image(ImageId id) const;  // throws Error{not_found}
  // What opening found: the grid, or why there is none. Throws Error{unsupported} "NAME: the file has
  // changed: ..." if the image has another extent than when it was first opened.
  void set_opened(ImageId id, const ImageGeometry& grid);
  // What has been read. Another content than that on which the image's objects were drawn becomes the image's
  // notice, and the first is kept; where there are no objects, or none was known, this is kept.
  void set_content(ImageId id, const ImageContent& content);
  void set_fault(ImageId id, const std::string& fault);
  void add_active_time(ImageId id, std::chrono::milliseconds active);
  void set_done(ImageId id, ImageStatus status);  // done, or back to what its objects say

  std::vector<Label> labels() const;
  std::vector<Label> add_label(const LabelEdit& label);
  std::vector<Label> edit_label(LabelId id, const LabelEdit& label);
  std::vector<Label> delete_label(LabelId id);  // Error{conflict} while objects carry it
  Overlap overlap() const;
  void set_overlap(Overlap overlap);

  // Whose answers a person wants; absent: nobody has chosen, or the model that sonde is started with. A
  // choice is an event of the history.
  std::optional<ChosenModel> chosen_model() const;
  void choose_model(const ChosenModel& model);
  // All that were chosen at some time, each file once.
  std::vector<ChosenModel> models_chosen() const;

  // Whether an action with this id has been done, undone or not.
  bool has_done(const std::string& request) const;
  // Does `action` and makes it durable before it returns. `request`: an action with the id of one that has
  // been done is not done again (the answer is as of that event). The image must have been opened
  // (set_opened). `client`: the page or program that does it, in the form of a request's id; undo and redo
  // are of its own actions and of those of nobody (empty). Throws Error: usage (a point outside, an unknown
  // label,
  // ...), conflict (locked, gone, not a proposal; to be undone and changed by another client since),
  // unavailable (disk full); nothing has changed then.
  Changes apply(ImageId image, const std::string& request, const Action& action,
                const AnnotationSegmenter& segmenter, const std::string& client = {});

  std::vector<AnnotatedObject> objects(ImageId image) const;  // by id
  Changes changes_since(ImageId image, Revision since, const std::string& client = {}) const;
  // Masks on one slice of the given objects: an object that has no pixels there gives an empty mask.
  // Candidates of proposals on that plane follow their object.
  std::vector<ObjectMask> masks(ImageId image, PlaneRef plane, std::span<const ObjectId> objects) const;
  RunLengthMask voxels(ObjectId object) const;

  std::vector<HistoryEvent> history(ImageId image, std::int64_t limit) const;
  // Computes every event again from its inputs and compares each mask, bit for bit, with what the history
  // holds, and the objects with what it leads to; of each event the first difference is told. Of several
  // segmenters the one that an event names is asked.
  Replay replay(std::span<const AnnotationSegmenter> segmenters, const Progress& progress = {}) const;
  Replay replay(const AnnotationSegmenter& segmenter, const Progress& progress = {}) const {
    return replay(std::span(&segmenter, 1), progress);
  }

 private:
  // Public methods lock; those below are called by them.
  template <typename Work>
  auto locked(Work work) const -> decltype(work()) {
    const std::lock_guard lock(mutex_);
    return database_.guarded(work);
  }

  // project_images.cc
  const ImageSummary& summary_of(ImageId id) const;
  void load_images();
  void update_counts(ImageSummary& summary, const ImageState& state) const;

  // project_labels.cc
  void check_label(const LabelEdit& edit, std::optional<LabelId> except) const;
  std::set<LabelId> active_labels() const;
  std::set<LabelId> all_labels() const;  // deleted ones too
  void restore_labels(const std::vector<ObjectChange>& changes);

  // project_actions.cc
  struct From {
    std::string request, client;
  };
  // Of an action that has been done before: what it changed, as it is now.
  std::optional<Changes> done_before(ImageId image, const From& from) const;
  // Throws where the action cannot be done; of a prompt, the mask to start from.
  Mask prepare(ImageId image, const Action& action) const;
  struct Asked {
    std::vector<RecordedAnswer> answers;
    std::string model_sha256, precision;
    std::optional<double> object_score = std::nullopt;
  };
  static Asked ask_the_network(ImageId image, const Action& action, const ImageGeometry& grid,
                               const Mask& inside, const AnnotationSegmenter& segmenter);
  Changes perform(ImageId image, const From& from, const Action& action, const Asked& asked);
  PlanContext context_of(ImageId image) const;
  Changes step_back_or_forth(ImageId image, const From& from, EventRole role);
  // Throws where another one has been built on what the step changed.
  void check_step(const ImageState& state, const UndoPath::Step& step, EventRole role,
                  const std::vector<ObjectChange>& changes) const;
  Changes changes_of(ImageId image, std::span<const ObjectId> objects, const std::string& client) const;

  // project_state.cc
  const ImageGeometry& grid_of(ImageId image) const;  // throws Error{conflict} if it has not been opened
  ImageState& state_of(ImageId image) const;          // read if it is not in memory
  void forget_oldest(ImageId except) const;
  std::shared_ptr<const RunLengthMask> load_mask(const ObjectRecord& record, const std::string& sha256,
                                                 Extent3 extent) const;
  // An event without objects: `change` alters the tables in the event's transaction.
  // `summary`: the line for people, of what they are to see.
  void note(std::optional<ImageId> image, const std::string& kind, const std::string& input,
            const std::function<void()>& change, const std::string& summary = {});
  void commit(const StoredEvent& event, const std::vector<ObjectChange>& changes,
              std::span<const RecordedAnswer> answers);
  // sha256: of the mask files; empty where the object keeps its own.
  void write_objects(std::span<const ObjectChange> changes, std::span<const std::string> sha256);
  void remember(const StoredEvent& event, const std::vector<ObjectChange>& changes);

  mutable std::recursive_mutex mutex_;
  ProjectDatabase database_;
  HistoryStore history_;
  MaskStore masks_;
  std::map<ImageId, ImageSummary> summaries_;
  std::set<ImageId> done_;  // marked by a person
  mutable std::map<ImageId, ImageState> states_;
  mutable std::uint64_t uses_ = 0;
  Revision revision_ = 0;
  ObjectId next_object_ = 1;
};

}  // namespace sonde
