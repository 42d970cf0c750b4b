// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sonde/io/dicom/image.h"

namespace sonde {

// Without the copies: of files with the same SOP instance UID, places and pixels the first stays, whatever
// their encodings. Where only the UID is the same all stay, with a note in their headers. Only files that
// share a UID and a place are looked at again.
DicomFiles without_copies(const DicomFiles& files);

}  // namespace sonde
