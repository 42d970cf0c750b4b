// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sonde/io/dicom/header.h"

// Which frames of which files make one image, and where it lies. Knows nothing of files' formats.
namespace sonde {

struct DicomSlice {
  std::size_t file = 0;  // index into the headers
  std::int64_t frame = 0;
};

// One image: a volume, or a row of pictures (a cine), at one or more times.
struct DicomStack {
  std::vector<std::vector<DicomSlice>> times;         // [time][k], k along the normal; at least one of each
  std::vector<std::optional<Affine3>> mm_from_voxel;  // of each time
  std::string patient;                                // where its series has several: "patient Doe^Jane (P2)"
  std::vector<std::string> notes;
};

// The images that the files hold, in the order of the files: split by series, patient, plane, size, spacing
// and colours; files of several frames stand alone. Slices that all repeat their positions equally often are
// times; where fewer than half of the positions are there twice the first of each is taken, with a note;
// slices without position, or that repeat them otherwise, are single pictures.
std::vector<DicomStack> stack_dicom(const std::vector<DicomHeader>& headers);

// One patient, as far as the files say; carets behind a name are nothing.
bool same_patient(const DicomHeader& a, const DicomHeader& b);

}  // namespace sonde
