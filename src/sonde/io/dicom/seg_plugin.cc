// SPDX-License-Identifier: Apache-2.0
// The library libsonde-dicom-seg.so.
#include "sonde/io/dicom/seg_plugin.h"

#include "sonde/io/dicom/seg_dcmtk.h"

namespace sonde {

const DicomSegPlugin sonde_dicom_seg_plugin{.write = dcmtk_write_seg, .read = dcmtk_read_seg};

}  // namespace sonde
