// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/imaging/slice.h"

namespace sonde {

// One object to be segmented on one picture: a class (all its pixels) or an instance.
struct StudyTask {
  std::int64_t label = 1;  // value in the mask, COCO category; 1 for instances
  std::string label_name;  // may be empty
  std::string object;      // instance or annotation id; empty for a class
  std::int64_t area_px = 0;
  std::filesystem::path truth_file;  // mask, label volume or COCO JSON
};

// Hashes of what the answers to a picture's tasks come from, beside the settings: of the image file's bytes
// and of all truth of the picture. Empty: not known.
struct CaseContent {
  std::string image, truth;
  bool operator==(const CaseContent&) const = default;
};

// One picture of a data set, an image file or a slice of a volume, with everything that is asked of it.
struct StudyCase {
  std::string dataset;
  std::string image;  // as in results.csv: "17.png", "scan.nii.gz#axial:12"
  std::filesystem::path image_file;
  std::optional<PlaneRef> slice;                     // of a volume
  std::vector<StudyTask> tasks;                      // in the order of results.csv
  std::vector<std::filesystem::path> truth_files{};  // all of the picture, those without a task included
  CaseContent content{};
};

// A label of a volume all of whose slices are in the study: scored as a whole too.
struct VolumeTask {
  std::string dataset;
  std::string image;  // "scan.nii.gz"
  std::filesystem::path image_file;
  Axis axis = Axis::axial;
  StudyTask task;         // area_px counts the voxels
  CaseContent content{};  // that of its slices
};

// A row of failures.csv.
enum class FailureKind {
  missing_image,
  missing_mask,
  unreadable_image,
  unreadable_mask,
  size_mismatch,
  empty_mask,     // no label anywhere
  unnamed_label,  // a value that labels.json does not name
  not_segmented   // the model failed
};
std::string_view to_string(FailureKind kind);  // as in failures.csv: "missing_image"
struct StudyFailure {
  std::string dataset, image;
  std::optional<std::int64_t> label;  // absent: the whole picture
  FailureKind kind = FailureKind::unreadable_image;
  std::string reason;  // one line; names the file
  // clang-tidy 14 takes the comparison that the compiler writes for a 0.
  auto operator<=>(const StudyFailure&) const = default;  // NOLINT(modernize-use-nullptr)
};

}  // namespace sonde
