// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sonde/core/bytes.h"

namespace sonde {

// A decoded picture is this head and its values, row-major, little-endian; colours as blue, green, red and
// perhaps alpha.
struct DecodedHead {
  std::int32_t rows = 0, columns = 0, channels = 0, value_bytes = 0;
};

// Appends the picture to `out`; leaves it empty where the file cannot be decoded. By libpng.
void decode_png(ByteView file, std::vector<std::byte>& out);

// What the library libsonde-pictures.so gives: decoders for the other formats, which are OpenCV's and take a
// tenth of a second to load.
struct PictureCodecs {
  void (*set_up)();                                            // before the first process is forked
  void (*decode)(ByteView file, std::vector<std::byte>& out);  // as decode_png
};
extern "C" const PictureCodecs sonde_picture_codecs;  // in the library

}  // namespace sonde
