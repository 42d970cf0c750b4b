// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "sonde/core/bytes.h"

namespace sonde {

// The files of a zip archive (ZIP64 too), by name, as views of `bytes`. Every size, offset and checksum is
// checked, and no two files share a byte. Only stored files are read: PyTorch compresses none. Throws Error
// naming `file`: corrupt_data, or unsupported (compressed, encrypted, in several volumes). Source: PKWARE
// APPNOTE 6.3.10, sections 4.3 and 4.5.
std::map<std::string, ByteView> read_zip(ByteView bytes, const std::string& file);

}  // namespace sonde
