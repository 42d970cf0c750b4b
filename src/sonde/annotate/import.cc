// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/import.h"

#include <algorithm>

#include "sonde/annotate/import_files.h"
#include "sonde/annotate/import_objects.h"
#include "sonde/annotate/open_image.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text;
}

Grid grid_of_image(Project& project, ImageId id) {
  const ImageSummary summary = project.image(id);
  if (summary.grid) return *summary.grid;
  project.set_opened(id, grid_of(read_image(summary.source)));
  return project.image(id).grid.value();
}

LabelId label_named(Project& project, const std::string& name) {
  const auto id_in = [&](const std::vector<Label>& labels) -> std::optional<LabelId> {
    const auto found = std::ranges::find(labels, name, &Label::name);
    if (found == labels.end()) return std::nullopt;
    return found->id;
  };
  if (const auto known = id_in(project.labels())) return *known;
  return id_in(project.add_label({name, std::nullopt, std::nullopt})).value();
}

// Where an object has lost pixels by the project's overlap rule.
void note_lost(const MaskGroup& group, std::int64_t asked, const Changes& changes, ImportResult& result) {
  std::int64_t kept = 0;
  for (const AnnotatedObject& object : changes.changed)
    if (object.source == ObjectSource::import && object.revision == changes.revision) kept += object.area;
  if (kept < asked)
    result.notes.push_back(group.files.front().path.filename().string() + ": " +
                           std::to_string(asked - kept) + " pixels are left out, which other objects have");
}

void import_group(Project& project, const MaskGroup& group, const LabelScheme& scheme, ImportResult& result) {
  MaskObjects found = objects_of(group, grid_of_image(project, group.image), scheme);
  for (std::string& note : found.notes) result.notes.push_back(std::move(note));
  if (found.objects.empty())
    throw Error(ErrorKind::unsupported, group.files.front().path.filename().string() + ": shows no object");
  ImportAction action{group.files.front().path.filename().string(), {}};
  std::int64_t voxels = 0;
  for (MaskObject& object : found.objects) {
    voxels += voxel_count(object.voxels);
    action.objects.push_back({label_named(project, object.label), object.name, std::move(object.voxels)});
  }
  const std::string request =
      "import-" + std::to_string(group.image) + "-" + std::to_string(project.revision());
  const Changes changes = project.apply(group.image, request, action, {});
  result.objects += std::ranges::count_if(changes.changed, [&](const AnnotatedObject& object) {
    return object.source == ObjectSource::import && object.revision == changes.revision;
  });
  note_lost(group, voxels, changes, result);
}

}  // namespace

ImportResult import_masks(Project& project, const std::filesystem::path& masks) {
  const std::vector<ImageSummary> images = project.images();
  FoundMasks found = find_masks(masks, images);
  if (found.groups.empty() && found.failures.empty())
    throw Error(ErrorKind::unsupported, masks.string() + ": holds no mask");
  const LabelScheme scheme = read_label_scheme(found.labels_folder);
  ImportResult result{0, {}, std::move(found.failures)};
  for (const MaskGroup& group : found.groups) {
    try {
      import_group(project, group, scheme, result);
    } catch (const std::exception& error) {
      result.failures.push_back({group.files.front().path.filename().string(), one_line(error.what())});
    }
  }
  return result;
}

}  // namespace sonde
