// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "sonde/annotate/history_store.h"
#include "sonde/annotate/mask_store.h"
#include "sonde/annotate/plan.h"
#include "sonde/annotate/project.h"
#include "sonde/annotate/project_database.h"

namespace sonde {

// The objects of an image that is in use.
struct ImageState {
  ImageGeometry grid;
  ObjectRecords records;
  UndoPath path;
  std::map<ObjectId, Revision> removed;  // objects that are gone, and since when
  std::uint64_t used = 0;                // the greatest: last
};

// The parts of Project, none of which locks: locked() does, and whoever calls it. Project's own words apply.
class Project::Impl {
 public:
  explicit Impl(const std::filesystem::path& folder);

  template <typename Work>
  auto locked(Work work) -> decltype(work()) {
    const std::lock_guard lock(mutex_);
    return database_.guarded(work);
  }
  const std::filesystem::path& folder() const { return database_.folder(); }
  Revision revision() const { return revision_; }

  // project_images.cc
  std::vector<ImageId> add_images(std::span<const ImageSource> images);
  std::vector<ImageSummary> images() const;
  const ImageSummary& image(ImageId id) const;
  void set_opened(ImageId id, const ImageGeometry& grid);
  void set_content(ImageId id, const ImageContent& content);
  void set_fault(ImageId id, const std::string& fault);
  void add_active_time(ImageId id, std::chrono::milliseconds active);
  void set_done(ImageId id, ImageStatus status);

  // project_labels.cc
  std::vector<Label> labels();
  void add_label(const LabelEdit& edit);
  void edit_label(LabelId id, const LabelEdit& edit);
  void delete_label(LabelId id);
  Overlap overlap();
  void set_overlap(Overlap overlap);

  // project_actions.cc
  // Of an action that has been done before: what it changed, as it is now.
  bool has_done(const std::string& request);
  struct From {
    std::string request, client;
  };
  std::optional<Changes> done_before(ImageId image, const From& from);
  // Throws where the action cannot be done; of an ask, the mask to start from.
  Mask prepare(ImageId image, const Action& action);
  struct Asked {
    std::vector<RecordedAnswer> answers;
    std::string model_sha256, precision;
  };
  Changes perform(ImageId image, const From& from, const Action& action, const Asked& asked);
  Changes changes_since(ImageId image, Revision since, const std::string& client);
  std::vector<AnnotatedObject> objects(ImageId image);
  std::vector<ObjectMask> masks(ImageId image, PlaneRef plane, std::span<const ObjectId> objects);
  RunLengthMask voxels(ObjectId object);
  std::vector<HistoryEvent> history(ImageId image, std::int64_t limit);

  // project_state.cc
  const ImageGeometry& grid_of(ImageId image) const;  // throws Error{conflict} if it has not been opened
  ImageState& state_of(ImageId image);                // read if it is not in memory
  const HistoryStore& history_store() const { return history_; }
  std::set<LabelId> all_labels();  // deleted ones too

 private:
  PlanContext context_of(ImageId image);
  void load_images();
  void update_counts(ImageSummary& summary, const ImageState& state) const;
  void forget_oldest(ImageId except);
  std::shared_ptr<const RunLengthMask> load_mask(const ObjectRecord& record, const std::string& sha256,
                                                 Extent3 extent);
  // An event without objects: `change` alters the tables in the event's transaction.
  void note(std::optional<ImageId> image, const std::string& kind, const std::string& input,
            const std::function<void()>& change);
  void commit(const StoredEvent& event, const std::vector<ObjectChange>& changes,
              std::span<const RecordedAnswer> answers);
  // sha256: of the mask files; empty where the object keeps its own.
  void write_objects(std::span<const ObjectChange> changes, std::span<const std::string> sha256);
  void remember(const StoredEvent& event, const std::vector<ObjectChange>& changes);
  Changes step_back_or_forth(ImageId image, const From& from, EventRole role);
  // Throws where another one has been built on what the step changed.
  void check_step(const ImageState& state, const UndoPath::Step& step, EventRole role,
                  const std::vector<ObjectChange>& changes);
  Changes changes_of(ImageId image, std::span<const ObjectId> objects, const std::string& client);
  void check_label(const LabelEdit& edit, std::optional<LabelId> except);
  std::set<LabelId> active_labels();
  void restore_labels(const std::vector<ObjectChange>& changes);

  mutable std::mutex mutex_;
  ProjectDatabase database_;
  HistoryStore history_;
  MaskStore masks_;
  std::map<ImageId, ImageSummary> summaries_;
  std::set<ImageId> done_;  // marked by a person
  std::map<ImageId, ImageState> states_;
  std::uint64_t uses_ = 0;
  Revision revision_ = 0;
  ObjectId next_object_ = 1;
};

}  // namespace sonde
