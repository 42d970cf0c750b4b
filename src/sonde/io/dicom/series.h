// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sonde/io/read.h"

namespace sonde {

// One image among DICOM files, named so that read_volume finds it again.
struct DicomSeries {
  std::filesystem::path path;        // its only file, or the smallest folder with all of its files
  std::string series;                // for ReadOptions: UID, or number where the UID does not choose
  std::filesystem::path first_file;  // in the order given
  ImageInfo info;
};
struct DicomSeriesFound {
  std::vector<DicomSeries> series;
  std::vector<Refusal> refused;
};
// What `files` hold, series by series, from their headers alone. A series is one image if its UID chooses one
// (the volume beside its localizers), else as many as it has.
DicomSeriesFound find_dicom_series(const std::vector<std::filesystem::path>& files);

}  // namespace sonde
