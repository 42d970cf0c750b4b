// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "sonde/io/dicom/decode.h"
#include "sonde/io/dicom/header.h"

// What the library libsonde-dicom.so gives: DICOM files by GDCM. Both functions are for the child process of
// run_isolated and throw Error.
namespace sonde {

struct DicomPlugin {
  DicomHeader (*read_header)(const std::filesystem::path& path);
  // Appends the frames, one after another.
  void (*decode_frames)(std::span<const DicomFrameRequest> requests, std::vector<std::byte>& out);
};
extern "C" const DicomPlugin sonde_dicom_plugin;  // in the library

// Loads it at the first call: before the child is forked, so that the next one has it already.
const DicomPlugin& dicom_plugin();

}  // namespace sonde
