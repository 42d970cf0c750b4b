// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sonde {

// Text of a data element (SH, LO, PN, ...) as one line of UTF-8. `character_set` is the Specific Character
// Set (0008,0005) of its data set as the file has it: "ISO_IR 100", "\\ISO 2022 IR 87" (PS3.3, C.12.1.1.2;
// code extensions PS3.5, 6.1.2.5). Without one, or with one that is not known, text that is UTF-8 stays as it
// is. Bytes that mean nothing become U+FFFD, control characters spaces.
std::string decode_dicom_text(std::string_view bytes, std::string_view character_set);

}  // namespace sonde
