// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "sonde/imaging/volume.h"
#include "sonde/io/picture/header.h"

namespace sonde {

// Decode, in a child process, a file whose header has been checked. The file is opened again there: one that
// has become another is refused. Throw Error{corrupt_data} naming `path` if the decoder fails or finds
// damage.

// Only to find what decoding would refuse.
void verify_picture(const std::filesystem::path& path, const PictureCoding& coding);

// One row of samples in the machine's byte order; y counts from the top as stored. Rows come in order; they
// begin at 0 again where a child had to be replaced. What they go to is best allocated with row 0: a child
// that begins after it would share it, and every page that is then written would be there twice.
using RowTaker = std::function<void(std::int64_t y, ByteView samples)>;
void decode_rows(const std::filesystem::path& path, const PictureCoding& coding, const RowTaker& take);

// Puts a stored row of pixels, each of `channels` values, where it is shown.
template <std::size_t channels, typename T>
void place_row(const TurnedPixels& turned, std::int64_t y, std::span<const T> row, std::span<T> shown) {
  std::int64_t pixel = turned.first + y * turned.down;
  for (std::size_t at = 0; at < row.size(); at += channels, pixel += turned.across)
    std::copy_n(&row[at], channels, &shown[static_cast<std::size_t>(pixel) * channels]);
}

// Colours of 8 or 16 bits to 8.
void to_eight_bits(ByteView samples, SampleType sample, std::span<std::uint8_t> values);

// Photometric and pixels of the result alone are set, turned as the picture is shown.
Volume decode_picture(const std::filesystem::path& path, const PictureHeader& header);

}  // namespace sonde
