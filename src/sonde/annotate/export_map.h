// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sonde/annotate/export_writer.h"
#include "sonde/io/label_map.h"

namespace sonde {

// The label values of an image's objects on its grid. Where objects of different labels overlap, the later
// one is seen, and `hidden` counts the pixels that others lose by it.
struct ExportMap {
  LabelMap map;
  std::int64_t hidden = 0;
};
ExportMap label_map_of(const ExportImage& image);

// 1 inside of the object.
LabelMap object_map_of(const ExportObject& object, const ImageGeometry& grid);

// The note for `hidden` pixels; empty for none.
std::string hidden_note(const ExportImage& image, std::int64_t hidden);

// labels.json of docs/data-sets.md, beside the folder of the label maps. Returns its path. Throws as
// prepare_file().
std::filesystem::path write_labels(const ExportTarget& target);
std::filesystem::path labels_file(const ExportTarget& target);

// Before `file` is written: creates its folder. Throws Error: unavailable; usage, if another program's file
// is there.
void prepare_file(const ExportTarget& target, const std::filesystem::path& file);

// Creates the folder of `file`. Throws Error{unavailable}.
void create_folder_of(const std::filesystem::path& file);

}  // namespace sonde
