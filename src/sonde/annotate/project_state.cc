// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "sonde/annotate/project.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxStates = 16;                           // images kept in memory
constexpr std::size_t kMaxRuns = std::size_t{16} * 1024 * 1024;  // of all of them, 16 bytes each

std::size_t runs_of(const ImageState& state) {
  std::size_t runs = 0;
  for (const auto& [id, record] : state.records) runs += record.voxels->runs.size();
  return runs;
}

bool needs_mask(const ObjectChange& change) {
  return change.after && (!change.before || !change.delta.runs.empty());
}

std::vector<ObjectId> ids_of(const std::vector<ObjectChange>& changes) {
  std::vector<ObjectId> ids;
  for (const ObjectChange& change : changes) ids.push_back(change.id);
  return ids;
}

// The mask files of an event that is not committed yet.
class WrittenMasks {
 public:
  explicit WrittenMasks(const MaskStore& store) : store_(store) {}
  WrittenMasks(const WrittenMasks&) = delete;
  WrittenMasks& operator=(const WrittenMasks&) = delete;
  ~WrittenMasks() {
    for (const auto& [object, revision] : written_) store_.remove(object, revision);
  }
  std::string write(const ObjectChange& change, Revision revision) {
    written_.emplace_back(change.id, revision);
    return store_.write(change.id, revision, *change.after->voxels);
  }
  void keep() { written_.clear(); }

 private:
  const MaskStore& store_;
  std::vector<std::pair<ObjectId, Revision>> written_;
};

}  // namespace

Project::Project(const std::filesystem::path& folder)
    : database_(folder), history_(database_.connection()), masks_(folder / "masks") {
  database_.guarded([this] {
    revision_ = history_.last_event();
    next_object_ = history_.last_object() + 1;
    load_images();
    std::map<ObjectId, Revision> named;
    SQLite::Statement row(database_.connection(), "SELECT id, mask_revision FROM objects");
    while (row.executeStep()) named[row.getColumn(0).getInt64()] = row.getColumn(1).getInt64();
    masks_.sweep(named);
    if (revision_ == 0) add_label({"object", std::nullopt, std::nullopt});
  });
}

const ImageGeometry& Project::grid_of(ImageId id) const {
  const ImageSummary& summary = summary_of(id);
  if (!summary.grid) throw Error(ErrorKind::conflict, summary.source.name + ": it has not been opened yet");
  return *summary.grid;
}

std::shared_ptr<const RunLengthMask> Project::load_mask(const ObjectRecord& record, const std::string& sha256,
                                                        Extent3 extent) const {
  const ObjectId id = record.object.id;
  if (auto voxels = masks_.read(id, record.mask_revision, sha256, extent))
    return std::make_shared<const RunLengthMask>(std::move(*voxels));
  RunLengthMask voxels = history_.folded(id, extent);
  if (masks_.write(id, record.mask_revision, voxels) != sha256) {
    throw Error(ErrorKind::corrupt_data, database_.file().string() + ": the mask of object " +
                                             std::to_string(id) +
                                             " is lost: its file is damaged and its history too");
  }
  return std::make_shared<const RunLengthMask>(std::move(voxels));
}

ImageState& Project::state_of(ImageId id) const {
  const ImageGeometry& grid = grid_of(id);
  const auto found = states_.find(id);
  if (found != states_.end()) {
    found->second.used = ++uses_;
    return found->second;
  }
  ImageState state;
  state.grid = grid;
  SQLite::Statement row(
      database_.connection(),
      "SELECT record, revision, mask_revision, mask_sha256 FROM objects WHERE image = ? ORDER BY id");
  row.bind(1, id);
  while (row.executeStep()) {
    ObjectRecord record = record_from_json(row.getColumn(0).getString());
    record.object.revision = row.getColumn(1).getInt64();
    record.mask_revision = row.getColumn(2).getInt64();
    record.voxels = load_mask(record, row.getColumn(3).getString(), grid.extent);
    state.records[record.object.id] = std::move(record);
  }
  state.path = history_.undo_path(id);
  state.removed = history_.removals(id);
  state.used = ++uses_;
  ImageState& kept = states_[id] = std::move(state);
  forget_oldest(id);
  return kept;
}

void Project::forget_oldest(ImageId except) const {
  std::size_t runs = 0;
  for (const auto& [id, state] : states_) runs += runs_of(state);
  while (states_.size() > 1 && (states_.size() > kMaxStates || runs > kMaxRuns)) {
    auto oldest = states_.end();
    for (auto at = states_.begin(); at != states_.end(); ++at) {
      if (at->first != except && (oldest == states_.end() || at->second.used < oldest->second.used))
        oldest = at;
    }
    runs -= runs_of(oldest->second);
    states_.erase(oldest);
  }
}

void Project::note(std::optional<ImageId> image, const std::string& kind, const std::string& input,
                   const std::function<void()>& change, const std::string& summary) {
  StoredEvent event;
  event.id = revision_ + 1;
  event.image = image;
  event.time = utc_now();
  event.kind = kind;
  event.input = input;
  event.summary = summary;
  SQLite::Transaction transaction(database_.connection());
  history_.insert(event);
  change();
  if (image) {
    SQLite::Statement row(database_.connection(), "UPDATE images SET revision = ? WHERE id = ?");
    row.bind(1, event.id);
    row.bind(2, *image);
    row.exec();
  }
  transaction.commit();
  revision_ = event.id;
  if (image) summaries_.at(*image).revision = event.id;
}

void Project::write_objects(std::span<const ObjectChange> changes, std::span<const std::string> sha256) {
  SQLite::Database& db = database_.connection();
  SQLite::Statement gone(db, "DELETE FROM objects WHERE id = ?");
  SQLite::Statement row(
      db,
      "INSERT INTO objects(id, image, label, state, revision, mask_revision, mask_sha256, record) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(id) DO UPDATE SET label = excluded.label, "
      "state = excluded.state, revision = excluded.revision, mask_revision = excluded.mask_revision, "
      "mask_sha256 = iif(?7 = '', mask_sha256, ?7), record = excluded.record");
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (!changes[i].after) {
      gone.bind(1, changes[i].id);
      gone.exec();
      gone.reset();
      continue;
    }
    const ObjectRecord& after = *changes[i].after;
    const AnnotatedObject& object = after.object;
    row.bind(1, changes[i].id);
    row.bind(2, object.image);
    object.label ? row.bind(3, *object.label) : row.bind(3);
    row.bind(4, std::string(to_string(object.state)));
    row.bind(5, object.revision);
    row.bind(6, after.mask_revision);
    row.bind(7, sha256[i]);
    row.bind(8, record_to_json(after));
    row.exec();
    row.reset();
  }
}

void Project::commit(const StoredEvent& event, const std::vector<ObjectChange>& changes,
                     std::span<const RecordedAnswer> answers) {
  WrittenMasks written(masks_);
  std::vector<std::string> hashes;
  hashes.reserve(changes.size());
  for (const ObjectChange& change : changes)
    hashes.push_back(needs_mask(change) ? written.write(change, event.id) : "");
  SQLite::Transaction transaction(database_.connection());
  history_.insert(event);
  history_.insert(event.id, answers);
  restore_labels(changes);
  history_.insert(event.id, event.image.value(), changes);
  write_objects(changes, hashes);
  SQLite::Statement row(database_.connection(), "UPDATE images SET revision = ? WHERE id = ?");
  row.bind(1, event.id);
  row.bind(2, *event.image);
  row.exec();
  transaction.commit();
  written.keep();
  remember(event, changes);
}

// The database has it: now the memory.
void Project::remember(const StoredEvent& event, const std::vector<ObjectChange>& changes) {
  ImageState& state = states_.at(event.image.value());
  for (const ObjectChange& change : changes) {
    if (change.before && (!change.after || needs_mask(change)))
      masks_.remove(change.id, change.before->mask_revision);
    if (change.after) {
      state.records[change.id] = *change.after;
    } else {
      state.records.erase(change.id);
      state.removed[change.id] = event.id;
    }
    next_object_ = std::max(next_object_, change.id + 1);
  }
  switch (event.role) {
    case EventRole::action:
      state.path.act({event.id, event.kind, event.client, ids_of(changes)});
      break;
    case EventRole::undo:
      state.path.undo(event.target.value(), event.id, event.client);
      break;
    case EventRole::redo:
      state.path.redo(event.target.value(), event.id, event.client);
      break;
    case EventRole::note:
      break;
  }
  revision_ = event.id;
  ImageSummary& summary = summaries_.at(*event.image);
  summary.revision = event.id;
  update_counts(summary, state);
}

}  // namespace sonde
