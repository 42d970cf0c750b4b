// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/export.h"

#include <algorithm>
#include <map>

#include "sonde/annotate/export_map.h"
#include "sonde/annotate/export_names.h"
#include "sonde/annotate/export_writer.h"
#include "sonde/annotate/image_changes.h"
#include "sonde/core/cause.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

std::unique_ptr<ExportWriter> writer_for(ExportFormat format, const ExportTarget& target) {
  switch (format) {
    case ExportFormat::png:
      return png_export(target);
    case ExportFormat::nifti:
      return volume_export(target, ".nii.gz");
    case ExportFormat::nrrd:
      return volume_export(target, ".nrrd");
    case ExportFormat::coco:
      return coco_export(target);
    case ExportFormat::dicom_seg:
      return dicom_seg_export(target);
  }
  throw Error(ErrorKind::internal, "no such export format");
}

// What an image gives to a writer; no objects: nothing to write.
ExportImage load(const Project& project, const ImageSummary& summary, const std::vector<Label>& labels) {
  std::map<LabelId, Label> label_of;
  for (const Label& label : labels) label_of[label.id] = label;
  ExportImage image{summary.source, {}, {}, {}};
  for (const AnnotatedObject& object : project.objects(summary.id)) {
    if (object.state != ObjectState::approved || object.area == 0) continue;
    image.objects.push_back(
        {object.id, label_of.at(object.label.value()), object.name, project.voxels(object.id)});
  }
  if (image.objects.empty()) return image;
  if (!summary.grid) throw Error(ErrorKind::internal, summary.source.name + ": has objects and no grid");
  image.grid = *summary.grid;
  return image;
}

// In one line, without the image's path, which its name stands for.
std::string reason_of(const std::filesystem::path& path, const std::exception& error) {
  std::string text = cause_of(error);
  const std::string prefix = path.string() + ": ";
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text;
}

}  // namespace

std::vector<std::string> lines_of(const std::vector<Refusal>& failures) {
  constexpr std::size_t kEach = 3;
  std::map<std::string, std::vector<std::string>> images_by_reason;
  for (const auto& [image, reason] : failures) images_by_reason[reason].push_back(image);
  std::vector<std::string> lines;
  for (const auto& [image, reason] : failures) {
    const std::vector<std::string>& images = images_by_reason.at(reason);
    if (images.size() <= kEach) {
      lines.push_back(image + ": " + reason);
    } else if (image == images.front()) {
      lines.push_back(std::to_string(images.size()) + " images (" + image + ", " + images[1] +
                      ", ...): " + reason);
    }
  }
  return lines;
}

ExportResult export_project(const Project& project, const ExportOptions& options, const Progress& progress) {
  ExportResult result;
  const bool is_new = !std::filesystem::exists(options.folder);
  create_folder_of(options.folder / "file");
  const ExportTarget target{options.folder, options.each, options.existing, project.labels()};
  const auto writer = writer_for(options.format, target);
  const std::vector<ImageSummary> images = project.images();
  const std::vector<std::string> stems = file_stems(images);
  std::int64_t written = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    try {
      ExportImage image = load(project, images[i], target.labels);
      image.stem = stems[i];
      if (!image.objects.empty()) {
        writer->add(image);
        ++written;
        if (const auto notice = notice_of_change(images[i]))
          result.notices.push_back(images[i].source.name + ": " + *notice);
      }
    } catch (const std::exception& error) {
      result.failures.push_back({images[i].source.name, reason_of(images[i].source.path, error)});
    }
    if (progress)
      progress({images[i].source.name, static_cast<std::int64_t>(i) + 1,
                static_cast<std::int64_t>(images.size())});
  }
  ExportResult given = writer->finish();
  result.files = std::move(given.files);
  result.notes = std::move(given.notes);
  std::error_code not_empty;
  if (is_new && result.files.empty()) std::filesystem::remove(options.folder, not_empty);
  if (written == 0 && result.failures.empty()) result.notes.push_back("no image has an approved object");
  return result;
}

}  // namespace sonde
