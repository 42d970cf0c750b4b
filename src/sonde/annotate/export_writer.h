// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sonde/annotate/export.h"
#include "sonde/imaging/image_geometry.h"
#include "sonde/imaging/run_length_mask.h"

// One writer a format, beneath export.h.
namespace sonde {

// An approved object with pixels.
struct ExportObject {
  ObjectId id = 0;
  Label label;
  std::string name;  // by a person; may be empty
  RunLengthMask voxels;
};
struct ExportImage {
  ImageSource source;
  ImageGeometry grid;
  std::string stem;                   // of its files; unique in the project
  std::vector<ExportObject> objects;  // at least one, by id
};

struct ExportTarget {
  std::filesystem::path folder;
  ExportEach each = ExportEach::labels;
  Existing existing = Existing::own_only;
  std::vector<Label> labels;  // the project's
};

class ExportWriter {
 public:
  virtual ~ExportWriter() = default;
  // Throws Error where this image cannot be written.
  virtual void add(const ExportImage& image) = 0;
  // Writes what tells of all images. Gives the files that were written, and notes. Call once.
  virtual ExportResult finish() = 0;
};
std::unique_ptr<ExportWriter> png_export(const ExportTarget& target);
// extension: ".nii.gz", ".nrrd".
std::unique_ptr<ExportWriter> volume_export(const ExportTarget& target, const std::string& extension);
std::unique_ptr<ExportWriter> coco_export(const ExportTarget& target);
std::unique_ptr<ExportWriter> dicom_seg_export(const ExportTarget& target);

}  // namespace sonde
