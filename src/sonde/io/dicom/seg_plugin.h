// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "sonde/io/dicom/seg.h"
#include "sonde/io/dicom/source.h"

// What the library libsonde-dicom-seg.so gives: DICOM segmentations by DCMTK. Both functions are for the
// child process of run_isolated and throw Error.
namespace sonde {

struct DicomSegRequest {
  DicomSource source;
  std::vector<DicomSegInfo> segments;
  std::vector<std::array<std::uint8_t, 3>> colours;  // of each segment
  double slice_spacing_mm = 0;                       // 0: a single slice
  // 0 or 1 a pixel of segment s on slice k, row by row; empty where there is none.
  std::function<std::vector<std::uint8_t>(std::size_t s, std::size_t k)> pixels;
};

struct DicomSegPlugin {
  void (*write)(const DicomSegRequest& request, const std::filesystem::path& path);
  DicomSeg (*read)(const std::filesystem::path& path);
};
extern "C" const DicomSegPlugin sonde_dicom_seg_plugin;  // in the library

template <class V>
void describe(V& v, DicomSegInfo& value) {
  v.list({}, {}, value.number, value.label, value.description);
}
template <class V>
void describe(V& v, DicomSegFrame& value) {
  v.list({}, {}, value.segment, value.position, value.bits);
}
template <class V>
void describe(V& v, DicomSeg& value) {
  v.list({}, {}, value.extent, value.column_mm, value.row_mm, value.series_uid, value.frame_of_reference_uid,
         value.segments, value.frames, value.notes);
}

}  // namespace sonde
