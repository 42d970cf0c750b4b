// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "sonde/io/dicom/header.h"
#include "sonde/io/dicom/stack.h"
#include "sonde/io/read.h"

namespace sonde {

struct DicomFiles {
  std::vector<std::filesystem::path> paths;
  std::vector<DicomHeader> headers;  // of each path
};

ImageInfo describe_dicom_stack(const DicomFiles& files, const DicomStack& stack);

// Decodes the chosen frame. Throws Error naming `named`, the path the user gave, or the file at fault.
Volume read_dicom_stack(const std::filesystem::path& named, const DicomFiles& files, const DicomStack& stack,
                        const ReadOptions& options);

// Decodes what a look can afford and throws as reading would: the compressed pictures of the first frame, up
// to 2^24 pixels.
void try_dicom_stack(const DicomFiles& files, const DicomStack& stack);

}  // namespace sonde
