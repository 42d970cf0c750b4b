// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "sonde/io/volume/stored_image.h"

namespace sonde {

struct MetaImageHeader {
  StoredImage image;
  enum class Encoding { binary, deflate, text } encoding = Encoding::binary;
  std::string data_file;                        // empty: the data follows the header (LOCAL)
  std::int64_t header_size = 0;                 // bytes before the data in its file; -1: the data ends it
  std::optional<std::int64_t> compressed_size;  // bytes
  std::size_t end = 0;                          // of the header in its file
};

bool starts_as_metaimage(ByteView head);

// Throws Error{corrupt_data} for a header that breaks the format, Error{unsupported} for what sonde does not
// read. The sizes of the data remain to be checked.
MetaImageHeader parse_metaimage_header(const std::string& name, ByteView file);

}  // namespace sonde
