// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "sonde/annotate/export_map.h"
#include "sonde/annotate/export_names.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

class VolumeExport : public ExportWriter {
 public:
  VolumeExport(const ExportTarget& target, std::string extension)
      : target_(target), extension_(std::move(extension)) {
    if (target_.each == ExportEach::labels) check_replaceable(labels_file(target_), target_.existing);
  }

  void add(const ExportImage& image) override {
    switch (target_.each) {
      case ExportEach::labels: {
        const ExportMap painted = label_map_of(image);
        write(labels() / (image.stem + extension_), painted.map);
        if (painted.hidden > 0) result_.notes.push_back(hidden_note(image, painted.hidden));
        return;
      }
      case ExportEach::objects:
        for (std::size_t i = 0; i < image.objects.size(); ++i) {
          const ExportObject& object = image.objects[i];
          write(labels() / image.stem / (object_file_name(i, object.label.name) + extension_),
                object_map_of(object, image.grid));
        }
        return;
    }
  }

  ExportResult finish() override {
    if (target_.each == ExportEach::labels) result_.files.push_back(write_labels(target_));
    return std::move(result_);
  }

 private:
  std::filesystem::path labels() const { return target_.folder / "labels"; }

  void write(const std::filesystem::path& file, const LabelMap& map) {
    prepare_file(target_, file);
    write_label_map(file, map);
    result_.files.push_back(file);
  }

  ExportTarget target_;
  ExportResult result_;
  std::string extension_;
};

}  // namespace

std::unique_ptr<ExportWriter> volume_export(const ExportTarget& target, const std::string& extension) {
  return std::make_unique<VolumeExport>(target, extension);
}

}  // namespace sonde
