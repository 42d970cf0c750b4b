// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/history_store.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string_view>
#include <utility>

#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr const char* kEventColumns =
    "SELECT id, image, time, kind, role, coalesce(request, ''), input, model, precision, window, summary, "
    "target, client FROM events ";

EventRole role_of(const std::string& text) {
  if (const auto role = from_word<EventRole>(text)) return *role;
  throw Error(ErrorKind::corrupt_data, "the history holds an event of the role \"" + text + "\"");
}

template <typename T>
void bind_or_null(SQLite::Statement& statement, int index, const std::optional<T>& value) {
  value ? statement.bind(index, *value) : statement.bind(index);
}

void bind_voxels(SQLite::Statement& statement, int index, const RunLengthMask& voxels) {
  const std::vector<std::byte> bytes = encode_voxels(voxels);
  statement.bind(index, bytes.empty() ? static_cast<const void*>("") : bytes.data(),
                 static_cast<int>(bytes.size()));
}

RunLengthMask voxels_of(const SQLite::Column& column, Extent3 extent) {
  const auto* bytes = static_cast<const std::byte*>(column.getBlob());
  const auto size = static_cast<std::size_t>(column.getBytes());
  return decode_voxels(std::span(bytes, bytes != nullptr ? size : 0), extent);
}

std::optional<std::int64_t> integer_or_null(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional<std::int64_t>(column.getInt64());
}

StoredEvent event_of(SQLite::Statement& row) {
  StoredEvent event;
  event.id = row.getColumn(0).getInt64();
  event.image = integer_or_null(row.getColumn(1));
  event.time = row.getColumn(2).getString();
  event.kind = row.getColumn(3).getString();
  event.role = role_of(row.getColumn(4).getString());
  event.request = row.getColumn(5).getString();
  event.input = row.getColumn(6).getString();
  event.model_sha256 = row.getColumn(7).getString();
  event.precision = row.getColumn(8).getString();
  event.window = row.getColumn(9).getString();
  event.summary = row.getColumn(10).getString();
  event.target = integer_or_null(row.getColumn(11));
  event.client = row.getColumn(12).getString();
  return event;
}

std::vector<StoredEvent> all_of(SQLite::Statement& row) {
  std::vector<StoredEvent> events;
  while (row.executeStep()) events.push_back(event_of(row));
  return events;
}

std::optional<std::string> to_string(const std::optional<ObjectRecord>& record) {
  return record ? std::optional(record_to_json(*record)) : std::nullopt;
}

std::optional<ObjectRecord> record_of(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional(record_from_json(column.getString()));
}

}  // namespace

Revision HistoryStore::last_event() const {
  return database_.execAndGet("SELECT coalesce(max(id), 0) FROM events").getInt64();
}

ObjectId HistoryStore::last_object() const {
  return database_.execAndGet("SELECT coalesce(max(object), 0) FROM changes").getInt64();
}

void HistoryStore::insert(const StoredEvent& event) const {
  SQLite::Statement row(
      database_,
      "INSERT INTO events(id, image, time, kind, role, request, input, model, precision, "
      "window, summary, target, client) VALUES(?, ?, ?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?)");
  row.bind(1, event.id);
  bind_or_null(row, 2, event.image);
  row.bind(3, event.time);
  row.bind(4, event.kind);
  row.bind(5, std::string(to_string(event.role)));
  row.bind(6, event.request);
  row.bind(7, event.input);
  row.bind(8, event.model_sha256);
  row.bind(9, event.precision);
  row.bind(10, event.window);
  row.bind(11, event.summary);
  bind_or_null(row, 12, event.target);
  row.bind(13, event.client);
  row.exec();
}

void HistoryStore::insert(Revision event, ImageId image, std::span<const ObjectChange> changes) const {
  SQLite::Statement row(database_,
                        "INSERT INTO changes(event, object, image, before, after, delta) "
                        "VALUES(?, ?, ?, ?, ?, ?)");
  for (const ObjectChange& change : changes) {
    row.bind(1, event);
    row.bind(2, change.id);
    row.bind(3, image);
    bind_or_null(row, 4, to_string(change.before));
    bind_or_null(row, 5, to_string(change.after));
    bind_voxels(row, 6, change.delta);
    row.exec();
    row.reset();
  }
}

void HistoryStore::insert(Revision event, std::span<const RecordedAnswer> answers) const {
  SQLite::Statement row(database_,
                        "INSERT INTO answers(event, position, predicted_iou, stability, voxels) "
                        "VALUES(?, ?, ?, ?, ?)");
  for (std::size_t i = 0; i < answers.size(); ++i) {
    row.bind(1, event);
    row.bind(2, static_cast<std::int64_t>(i));
    row.bind(3, answers[i].predicted_iou);
    row.bind(4, answers[i].stability);
    bind_voxels(row, 5, answers[i].voxels);
    row.exec();
    row.reset();
  }
}

std::vector<ObjectChange> HistoryStore::changes_of(Revision event, Extent3 extent) const {
  SQLite::Statement row(database_,
                        "SELECT object, before, after, delta FROM changes WHERE event = ? ORDER BY object");
  row.bind(1, event);
  std::vector<ObjectChange> changes;
  while (row.executeStep()) {
    changes.push_back({row.getColumn(0).getInt64(), record_of(row.getColumn(1)), record_of(row.getColumn(2)),
                       voxels_of(row.getColumn(3), extent)});
  }
  return changes;
}

std::vector<ObjectId> HistoryStore::objects_of(Revision event) const {
  SQLite::Statement row(database_, "SELECT object FROM changes WHERE event = ? ORDER BY object");
  row.bind(1, event);
  std::vector<ObjectId> objects;
  while (row.executeStep()) objects.push_back(row.getColumn(0).getInt64());
  return objects;
}

std::vector<RecordedAnswer> HistoryStore::answers_of(Revision event, Extent3 extent) const {
  SQLite::Statement row(
      database_, "SELECT predicted_iou, stability, voxels FROM answers WHERE event = ? ORDER BY position");
  row.bind(1, event);
  std::vector<RecordedAnswer> answers;
  while (row.executeStep()) {
    answers.push_back(
        {voxels_of(row.getColumn(2), extent), row.getColumn(0).getDouble(), row.getColumn(1).getDouble()});
  }
  return answers;
}

RunLengthMask HistoryStore::folded(ObjectId object, Extent3 extent) const {
  SQLite::Statement row(database_, "SELECT delta FROM changes WHERE object = ? ORDER BY event");
  row.bind(1, object);
  RunLengthMask voxels{extent, {}};
  while (row.executeStep()) voxels = symmetric_difference(voxels, voxels_of(row.getColumn(0), extent));
  return voxels;
}

std::optional<HistoryStore::Request> HistoryStore::find_request(const std::string& request) const {
  if (request.empty()) return std::nullopt;
  SQLite::Statement row(database_, "SELECT id, image FROM events WHERE request = ?");
  row.bind(1, request);
  if (!row.executeStep()) return std::nullopt;
  return Request{row.getColumn(0).getInt64(), integer_or_null(row.getColumn(1))};
}

UndoPath HistoryStore::undo_path(ImageId image) const {
  SQLite::Statement row(
      database_,
      "SELECT id, kind, role, target, client FROM events WHERE image = ? AND role <> 'note' ORDER BY id");
  row.bind(1, image);
  UndoPath path;
  while (row.executeStep()) {
    const Revision event = row.getColumn(0).getInt64();
    const std::string client = row.getColumn(4).getString();
    switch (role_of(row.getColumn(2).getString())) {
      case EventRole::action:
        path.act({event, row.getColumn(1).getString(), client, objects_of(event)});
        break;
      case EventRole::undo:
        path.undo(row.getColumn(3).getInt64(), event, client);
        break;
      case EventRole::redo:
        path.redo(row.getColumn(3).getInt64(), event, client);
        break;
      case EventRole::note:
        break;
    }
  }
  return path;
}

std::map<ObjectId, Revision> HistoryStore::removals(ImageId image) const {
  SQLite::Statement row(
      database_, "SELECT object, max(event) FROM changes WHERE image = ? AND after IS NULL GROUP BY object");
  row.bind(1, image);
  std::map<ObjectId, Revision> removals;
  while (row.executeStep()) removals[row.getColumn(0).getInt64()] = row.getColumn(1).getInt64();
  return removals;
}

std::vector<StoredEvent> HistoryStore::newest(ImageId image, std::int64_t limit) const {
  SQLite::Statement row(database_,
                        std::string(kEventColumns) +
                            "WHERE image = ? OR (image IS NULL AND kind = ?) ORDER BY id DESC LIMIT ?");
  row.bind(1, image);
  row.bind(2, std::string(kModelEvent));
  row.bind(3, limit);
  return all_of(row);
}

std::vector<StoredEvent> HistoryStore::of_kind(std::string_view kind) const {
  SQLite::Statement row(database_,
                        std::string(kEventColumns) + "WHERE image IS NULL AND kind = ? ORDER BY id");
  row.bind(1, std::string(kind));
  return all_of(row);
}

std::optional<StoredEvent> HistoryStore::next(ImageId image, Revision behind) const {
  SQLite::Statement row(database_,
                        std::string(kEventColumns) + "WHERE image = ? AND id > ? ORDER BY id LIMIT 1");
  row.bind(1, image);
  row.bind(2, behind);
  return row.executeStep() ? std::optional(event_of(row)) : std::nullopt;
}

std::string utc_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                static_cast<int>(ms % 1000));
  return text.data();
}

}  // namespace sonde
