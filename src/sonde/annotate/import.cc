// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/import.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <span>

#include "sonde/annotate/import_files.h"
#include "sonde/annotate/import_objects.h"
#include "sonde/annotate/open_image.h"
#include "sonde/core/bytes.h"
#include "sonde/core/cause.h"
#include "sonde/core/error.h"
#include "sonde/core/text.h"

namespace sonde {
namespace {

ImageGeometry grid_of_image(Project& project, ImageId id) {
  const ImageSummary summary = project.image(id);
  if (summary.grid) return *summary.grid;
  std::string stamp = stamp_of(summary.source);
  const Volume volume = read_image(summary.source);
  project.set_opened(id, volume.geometry);
  project.set_content(id, content_of(summary.source, volume, std::move(stamp)));
  return project.image(id).grid.value();
}

std::optional<Label> label_in(const std::vector<Label>& labels, const std::string& name) {
  const auto found = std::ranges::find(labels, name, &Label::name);
  if (found == labels.end()) return std::nullopt;
  return *found;
}

LabelId find_label(Project& project, const MaskObject& object, ImportResult& result) {
  auto label = label_in(project.labels(), object.label);
  if (!label) {
    LabelEdit edit{object.label, std::nullopt, std::nullopt};
    if (object.value > 0) edit.value = object.value;
    label = label_in(project.add_label(edit), object.label);
  }
  const std::string note = "label \"" + object.label + "\" has the value " + std::to_string(label->value) +
                           " here, and " + std::to_string(object.value) + " in the masks";
  if (object.value > 0 && label->value != object.value &&
      std::ranges::find(result.notes, note) == result.notes.end())
    result.notes.push_back(note);
  return label->id;
}

// The label of each kind of object, looked up once: thousands of cells carry one.
using KnownLabels = std::map<std::pair<std::string, std::int32_t>, LabelId>;

LabelId label_for(Project& project, const MaskObject& object, KnownLabels& known, ImportResult& result) {
  const auto [entry, is_new] = known.try_emplace({object.label, object.value});
  if (is_new) entry->second = find_label(project, object, result);
  return entry->second;
}

// The same for the same files: masks that have been imported are known again, whatever has become of them.
std::string request_of(const MaskGroup& group) {
  std::string all;
  for (const MaskGroup::File& file : group.files) {
    std::ifstream in(file.path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (!in.good() && !in.eof())
      throw Error(ErrorKind::unavailable, file.path.filename().string() + ": cannot be read");
    all += file.path.filename().string() + '\0' + sha256_hex(std::as_bytes(std::span(bytes)));
  }
  constexpr std::size_t kDigits = 32;
  return "import-" + std::to_string(group.image) + "-" +
         sha256_hex(std::as_bytes(std::span(all))).substr(0, kDigits);
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

struct ImportPlan {
  LabelScheme scheme;
  ImportOptions options;
};

void import_group(Project& project, const MaskGroup& group, const ImportPlan& plan, ImportResult& result) {
  const std::string request = request_of(group);
  if (project.has_done(request)) {
    ++result.known;
    return;
  }
  const ImageSource source = project.image(group.image).source;
  const DicomSegImage image{
      source.path, {.frame = source.frame, .series = source.series}, plan.options.frame_of_reference};
  MaskObjects found = objects_of(group, grid_of_image(project, group.image), plan.scheme, image);
  for (std::string& note : found.notes) result.notes.push_back(std::move(note));
  if (found.objects.empty())
    throw Error(ErrorKind::unsupported, group.files.front().path.filename().string() + ": shows no object");
  ImportAction action{group.files.front().path.filename().string(), {}};
  std::int64_t voxels = 0;
  KnownLabels labels;
  for (MaskObject& object : found.objects) {
    voxels += voxel_count(object.voxels);
    action.objects.push_back(
        {label_for(project, object, labels, result), object.name, std::move(object.voxels)});
  }
  const Changes changes = project.apply(group.image, request, action, {});
  result.objects += std::ranges::count_if(changes.changed, [&](const AnnotatedObject& object) {
    return object.source == ObjectSource::import && object.revision == changes.revision;
  });
  note_lost(group, voxels, changes, result);
}

}  // namespace

ImportResult import_masks(Project& project, const std::filesystem::path& masks,
                          const ImportOptions& options) {
  const std::vector<ImageSummary> images = project.images();
  FoundMasks found = find_masks(masks, images);
  if (found.groups.empty() && found.failures.empty())
    throw Error(ErrorKind::unsupported, masks.string() + ": holds no mask");
  const ImportPlan plan{read_label_scheme(found.labels_folder), options};
  ImportResult result{0, 0, {}, std::move(found.failures)};
  for (const MaskGroup& group : found.groups) {
    try {
      import_group(project, group, plan, result);
    } catch (const std::exception& error) {
      result.failures.push_back({group.files.front().path.filename().string(), one_line(cause_of(error))});
    }
  }
  if (result.known > 0) {
    result.notes.push_back(std::to_string(result.known) + (result.known == 1 ? " mask has" : " masks have") +
                           " been imported before, and what was made of " +
                           (result.known == 1 ? "it" : "them") + " stays as it is");
  }
  return result;
}

}  // namespace sonde
