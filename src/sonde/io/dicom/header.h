// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/io/read.h"

// What sonde keeps of a DICOM file's data elements. GDCM reads them in a child process; the rest of the
// reader sees these structs.
namespace sonde {

// Where a frame lies: unit vectors along a row (i) and along a column (j), centre of the first pixel, mm,
// LPS+.
struct DicomPlane {
  Vec3 row, column, position;
};

struct DicomFrame {
  std::optional<DicomPlane> plane;
  std::optional<std::array<double, 2>> spacing;  // mm along i, along j
  double thickness = 0;                          // mm; 0: not said
  double slope = 1, intercept = 0;
  std::optional<Window> window;
  std::optional<ValueRange> padding;  // what its padded pixels become
  // Order among frames of the same position: temporal position, trigger time, acquisition, instance or frame
  // number.
  std::array<double, 4> order{};
};

struct DicomHeader {
  std::string sop_instance_uid, modality, series_uid, series_number, series_description;
  std::string patient_id, patient_name;  // "" where the file does not say it
  std::string frame_of_reference_uid;
  std::string transfer_syntax;  // UID
  std::string photometric;      // as in the file: "MONOCHROME2", "YBR_FULL_422"
  std::int64_t rows = 0, columns = 0;
  std::int32_t samples = 1, bits_allocated = 0, bits_stored = 0, high_bit = 0;
  std::int32_t is_signed = 0, planar = 0;
  std::int32_t has_modality_table = 0;  // 1: in place of slope and intercept
  std::vector<DicomFrame> frames;       // at least one
  std::vector<std::string> notes;
};

// A file that cannot be read, and how an Error would say so.
// Or why there is none, without the path.
using DicomOutcome = std::variant<DicomHeader, Error>;

// The headers of `paths`, in their order; a file that stops the decoder is refused and does not harm the
// others. What can be known of the pixels without decoding them is checked: their length, their compression,
// their colours.
std::vector<DicomOutcome> read_dicom_headers(const std::vector<std::filesystem::path>& paths);
// Throws Error where the file is refused.
DicomHeader read_dicom_header(const std::filesystem::path& path);

Photometric photometric_of(const DicomHeader& header);
std::string stored_type_of(const DicomHeader& header);  // "int16", "JPEG 2000, uint16"
// Stored as unsigned 8 bits and shown as they are.
bool is_eight_bit(const DicomHeader& header);

template <class V>
void describe(V& v, DicomHeader& value) {
  v.list({}, {}, value.sop_instance_uid, value.modality, value.series_uid, value.series_number,
         value.series_description, value.patient_id, value.patient_name, value.frame_of_reference_uid,
         value.transfer_syntax, value.photometric, value.rows, value.columns, value.samples,
         value.bits_allocated, value.bits_stored, value.high_bit, value.is_signed, value.planar,
         value.has_modality_table, value.frames, value.notes);
}

}  // namespace sonde
