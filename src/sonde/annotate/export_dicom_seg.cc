// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <utility>

#include "sonde/annotate/export_map.h"
#include "sonde/annotate/export_writer.h"
#include "sonde/io/dicom/seg.h"

namespace sonde {
namespace {

// "#rrggbb"
std::array<std::uint8_t, 3> rgb_of(const std::string& colour) {
  const unsigned long value = std::strtoul(colour.substr(colour.empty() ? 0 : 1).c_str(), nullptr, 16);
  return {static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8),
          static_cast<std::uint8_t>(value)};
}

std::vector<DicomSegSegment> segments_of_labels(const ExportImage& image) {
  std::map<std::int32_t, DicomSegSegment> by_value;
  for (const ExportObject& object : image.objects) {
    DicomSegSegment& segment = by_value[object.label.value];
    segment.label = object.label.name;
    segment.rgb = rgb_of(object.label.colour);
    segment.voxels.runs.insert(segment.voxels.runs.end(), object.voxels.runs.begin(),
                               object.voxels.runs.end());
  }
  std::vector<DicomSegSegment> segments;
  segments.reserve(by_value.size());
  for (auto& [value, segment] : by_value) {
    segment.voxels = set_of_runs(image.grid.extent, std::move(segment.voxels.runs));
    segments.push_back(std::move(segment));
  }
  return segments;
}

std::vector<DicomSegSegment> segments_of_objects(const ExportImage& image) {
  std::map<LabelId, int> counts;
  std::vector<DicomSegSegment> segments;
  for (const ExportObject& object : image.objects) {
    const std::string numbered = object.label.name + " " + std::to_string(++counts[object.label.id]);
    segments.push_back({object.name.empty() ? numbered : object.name, object.label.name,
                        rgb_of(object.label.colour), object.voxels});
  }
  return segments;
}

class DicomSegExport : public ExportWriter {
 public:
  explicit DicomSegExport(const ExportTarget& target) : target_(target) {}

  void add(const ExportImage& image) override {
    const auto segments =
        target_.each == ExportEach::labels ? segments_of_labels(image) : segments_of_objects(image);
    const auto file = target_.folder / (image.stem + "_seg.dcm");
    prepare_file(target_, file);
    const ReadOptions options{.frame = image.source.frame, .series = image.source.series};
    write_dicom_seg(file, image.source.path, options, segments);
    result_.files.push_back(file);
  }

  ExportResult finish() override { return std::move(result_); }

 private:
  ExportTarget target_;
  ExportResult result_;
};

}  // namespace

std::unique_ptr<ExportWriter> dicom_seg_export(const ExportTarget& target) {
  return std::make_unique<DicomSegExport>(target);
}

}  // namespace sonde
