// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "sonde/io/dicom/seg_plugin.h"

// The two halves of libsonde-dicom-seg.so.
namespace sonde {

void dcmtk_write_seg(const DicomSegRequest& request, const std::filesystem::path& path);
DicomSeg dcmtk_read_seg(const std::filesystem::path& path);

// Call first: DCMTK writes to stderr otherwise.
void quieten_dcmtk();

}  // namespace sonde
