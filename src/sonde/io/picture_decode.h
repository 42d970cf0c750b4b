// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sonde/imaging/volume.h"
#include "sonde/io/picture_header.h"

namespace sonde {

// Decodes, in a child process, a file whose header has been checked; only photometric and pixels of the
// result are set. Throws Error{corrupt_data} naming `name` if the decoder fails or finds damage.
Volume decode_picture(const std::string& name, ByteView file, const PictureHeader& header);

}  // namespace sonde
