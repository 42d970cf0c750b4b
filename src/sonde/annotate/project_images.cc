// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "sonde/annotate/gather_names.h"
#include "sonde/annotate/image_changes.h"
#include "sonde/annotate/project.h"
#include "sonde/core/error.h"
#include "sonde/core/json_fields.h"
#include "sonde/imaging/image_geometry.h"

namespace sonde {

template <class V>
void describe(V& v, Affine3& affine) {
  auto& [a, b, c] = affine.columns;
  Vec3& o = affine.origin;
  v.list({}, {}, a.x, a.y, a.z, b.x, b.y, b.z, c.x, c.y, c.z, o.x, o.y, o.z);
}
template <class V>
void describe(V& v, ImageGeometry& grid) {
  v("extent", grid.extent);
  v("mm_from_voxel", grid.mm_from_voxel);
}

namespace {

constexpr std::int64_t kMaxSide = 1 << 20;
constexpr std::int64_t kMaxVoxels = std::int64_t{1} << 40;

std::string grid_to_json(const ImageGeometry& grid) { return json_text(to_json<Layout::stored>(grid)); }

ImageGeometry grid_from_json(const std::string& text) {
  return from_json<ImageGeometry, Layout::stored>(parse_ordered_json(text));
}

void check_grid(const ImageGeometry& grid, const std::string& name) {
  const auto fits = [](std::int64_t side) { return side >= 1 && side <= kMaxSide; };
  const Extent3 e = grid.extent;
  if (!fits(e.x) || !fits(e.y) || !fits(e.z) || e.x * e.y > kMaxVoxels / e.z)
    throw Error(ErrorKind::unsupported, name + ": it has too many voxels, or none");
  if (grid.mm_from_voxel && !is_finite(*grid.mm_from_voxel))
    throw Error(ErrorKind::unsupported, name + ": its affine is not finite");
}

bool same_planes(const ImageGeometry& a, const ImageGeometry& b) {
  constexpr std::array kAxes{Axis::axial, Axis::coronal, Axis::sagittal};
  const auto same = [](GridAxis p, GridAxis q) { return p.axis == q.axis && p.sense == q.sense; };
  return std::ranges::all_of(kAxes, [&](Axis axis) {
    const SlicePlane p = slice_plane(a, axis);
    const SlicePlane q = slice_plane(b, axis);
    return same(p.column, q.column) && same(p.row, q.row) && same(p.slice, q.slice);
  });
}

std::string to_string(Extent3 e) {
  return std::to_string(e.x) + " x " + std::to_string(e.y) + " x " + std::to_string(e.z);
}

ImageStatus status_of(const ImageSummary& summary, bool done) {
  if (done) return ImageStatus::done;
  return summary.approved + summary.proposed > 0 ? ImageStatus::started : ImageStatus::fresh;
}

}  // namespace

void Project::load_images() {
  SQLite::Statement row(database_.connection(),
                        "SELECT id, path, series, frame, name, done, active_ms, revision, grid, fault, "
                        "content, stamp FROM images ORDER BY id");
  while (row.executeStep()) {
    ImageSummary summary;
    summary.id = row.getColumn(0).getInt64();
    summary.source = {row.getColumn(1).getString(), row.getColumn(2).getString(), row.getColumn(3).getInt64(),
                      row.getColumn(4).getString()};
    if (row.getColumn(5).getInt() != 0) done_.insert(summary.id);
    summary.active_ms = row.getColumn(6).getInt64();
    summary.revision = row.getColumn(7).getInt64();
    if (!row.getColumn(8).isNull()) {
      summary.grid = grid_from_json(row.getColumn(8).getString());
      check_grid(*summary.grid, database_.file().string());
    }
    if (!row.getColumn(9).isNull()) summary.fault = row.getColumn(9).getString();
    if (!row.getColumn(10).isNull())
      summary.content = {row.getColumn(10).getString(), row.getColumn(11).getString()};
    summaries_[summary.id] = std::move(summary);
  }
  SQLite::Statement counts(database_.connection(),
                           "SELECT image, state, count(*) FROM objects GROUP BY image, state");
  while (counts.executeStep()) {
    ImageSummary& summary = summaries_.at(counts.getColumn(0).getInt64());
    const bool approved = counts.getColumn(1).getString() == "approved";
    (approved ? summary.approved : summary.proposed) = counts.getColumn(2).getInt64();
  }
  for (auto& [id, summary] : summaries_) summary.status = status_of(summary, done_.contains(id));
}

void Project::update_counts(ImageSummary& summary, const ImageState& state) const {
  summary.approved = std::ranges::count_if(
      state.records, [](const auto& entry) { return entry.second.object.state == ObjectState::approved; });
  summary.proposed = static_cast<std::int64_t>(state.records.size()) - summary.approved;
  summary.status = status_of(summary, done_.contains(summary.id));
}

std::vector<ImageId> Project::add_images(std::span<const ImageSource> images) {
  return locked([&] {
    using Key = std::tuple<std::string, std::string, std::int64_t>;
    const auto key_of = [](const ImageSource& s) { return Key{s.path.string(), s.series, s.frame}; };
    std::map<Key, ImageId> known;
    std::map<std::string, std::filesystem::path> names;
    for (const auto& [id, summary] : summaries_) {
      known[key_of(summary.source)] = id;
      names[summary.source.name] = summary.source.path;
    }
    ImageId next = summaries_.empty() ? 1 : summaries_.rbegin()->first + 1;
    std::vector<ImageId> ids;
    std::vector<ImageSummary> added;
    Json input = Json::array();
    for (const ImageSource& source : images) {
      const auto [entry, is_new] = known.try_emplace(key_of(source), next);
      ids.push_back(entry->second);
      if (!is_new) continue;
      ImageSummary summary;
      summary.id = next++;
      summary.source = source;
      summary.source.name = name_among(names, source.name, source.path);
      summary.revision = revision_ + 1;
      names[summary.source.name] = source.path;
      input.push_back({{"id", summary.id}, {"name", summary.source.name}, {"path", source.path.string()}});
      added.push_back(std::move(summary));
    }
    if (added.empty()) return ids;
    note(std::nullopt, "add_images", json_text(input), [&] {
      SQLite::Statement row(
          database_.connection(),
          "INSERT INTO images(id, path, series, frame, name, revision) VALUES(?, ?, ?, ?, ?, ?)");
      for (const ImageSummary& summary : added) {
        row.bind(1, summary.id);
        row.bind(2, summary.source.path.string());
        row.bind(3, summary.source.series);
        row.bind(4, summary.source.frame);
        row.bind(5, summary.source.name);
        row.bind(6, summary.revision);
        row.exec();
        row.reset();
      }
    });
    for (ImageSummary& summary : added) summaries_[summary.id] = std::move(summary);
    return ids;
  });
}

std::vector<ImageSummary> Project::images() const {
  return locked([&] {
    std::vector<ImageSummary> list;
    list.reserve(summaries_.size());
    for (const auto& [id, summary] : summaries_) list.push_back(summary);
    return list;
  });
}

ImageSummary Project::image(ImageId id) const {
  return locked([&] { return summary_of(id); });
}

const ImageSummary& Project::summary_of(ImageId id) const {
  const auto found = summaries_.find(id);
  if (found == summaries_.end()) throw Error(ErrorKind::not_found, "there is no image " + std::to_string(id));
  return found->second;
}

void Project::set_opened(ImageId id, const ImageGeometry& grid) {
  locked([&] {
    const ImageSummary& summary = summary_of(id);
    check_grid(grid, summary.source.name);
    if (summary.grid && summary.grid->extent != grid.extent) {
      throw Error(ErrorKind::unsupported, summary.source.name + ": the file has changed: it was " +
                                              to_string(summary.grid->extent) + ", it is " +
                                              to_string(grid.extent));
    }
    if (summary.grid && !same_planes(*summary.grid, grid))
      throw Error(ErrorKind::unsupported, summary.source.name + ": the file has changed: it is turned round");
    if (summary.grid && !summary.fault) return;
    // Masks lie on the grid that the image had when they were begun.
    const std::string text = grid_to_json(summary.grid.value_or(grid));
    note(id, "open", text, [&] {
      SQLite::Statement row(database_.connection(), "UPDATE images SET grid = ?, fault = NULL WHERE id = ?");
      row.bind(1, text);
      row.bind(2, id);
      row.exec();
    });
    summaries_.at(id).grid = grid_from_json(text);
    summaries_.at(id).fault = std::nullopt;
  });
}

void Project::set_content(ImageId id, const ImageContent& content) {
  locked([&] {
    summary_of(id);
    ImageSummary& summary = summaries_.at(id);
    const bool has_objects = summary.approved + summary.proposed > 0;
    summary.notice = has_objects ? notice_of(summary.content, content) : std::nullopt;
    if (summary.notice) return;
    const bool is_same = summary.content.sha256 == content.sha256;
    if (is_same && summary.content.stamp == content.stamp) return;
    // No event: what a file is now is nothing that people have done.
    SQLite::Statement row(database_.connection(), "UPDATE images SET content = ?, stamp = ? WHERE id = ?");
    row.bind(1, content.sha256);
    row.bind(2, content.stamp);
    row.bind(3, id);
    row.exec();
    summary.content = content;
  });
}

void Project::set_fault(ImageId id, const std::string& fault) {
  locked([&] {
    if (summary_of(id).fault == fault) return;
    note(id, "fault", json_text(Json(fault)), [&] {
      SQLite::Statement row(database_.connection(), "UPDATE images SET fault = ? WHERE id = ?");
      row.bind(1, fault);
      row.bind(2, id);
      row.exec();
    });
    summaries_.at(id).fault = fault;
  });
}

void Project::add_active_time(ImageId id, std::chrono::milliseconds active) {
  locked([&] {
    if (active.count() < 0 || active > std::chrono::hours(24))
      throw Error(ErrorKind::usage, "the time spent is 0 ms to a day at once");
    summary_of(id);
    SQLite::Statement row(database_.connection(), "UPDATE images SET active_ms = active_ms + ? WHERE id = ?");
    row.bind(1, static_cast<std::int64_t>(active.count()));
    row.bind(2, id);
    row.exec();
    summaries_.at(id).active_ms += active.count();
  });
}

void Project::set_done(ImageId id, ImageStatus status) {
  locked([&] {
    summary_of(id);
    const bool done = status == ImageStatus::done;
    if (done == done_.contains(id)) return;
    note(id, done ? "done" : "reopen", "null", [&] {
      SQLite::Statement row(database_.connection(), "UPDATE images SET done = ? WHERE id = ?");
      row.bind(1, done ? 1 : 0);
      row.bind(2, id);
      row.exec();
    });
    done ? void(done_.insert(id)) : void(done_.erase(id));
    ImageSummary& summary = summaries_.at(id);
    summary.status = status_of(summary, done);
  });
}

}  // namespace sonde
