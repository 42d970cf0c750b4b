// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/picture/header.h"

#include "sonde/io/volume/checks.h"

namespace sonde {

std::uint64_t PictureBytes::number(std::uint64_t at, std::size_t size) const {
  const ByteView bytes = part(at, size);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = std::to_integer<std::uint64_t>(bytes[order_ == ByteOrder::big ? i : size - 1 - i]);
    value = value << 8 | byte;
  }
  return value;
}

ByteView PictureBytes::part(std::uint64_t at, std::uint64_t size) const {
  if (at > file_.size() || size > file_.size() - at) {
    refuse_corrupt(name_, "cut: it goes on to byte " + std::to_string(at) + " + " + std::to_string(size) +
                              ", the file has " + std::to_string(file_.size()));
  }
  return file_.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(size));
}

std::size_t row_bytes(const PictureCoding& coding) {
  return static_cast<std::size_t>(coding.extent.width * coding.channels * byte_size(coding.sample));
}

Extent2 shown_extent(const PictureHeader& header) {
  const auto [width, height] = header.coding.extent;
  return header.orientation <= 4 ? Extent2{width, height} : Extent2{height, width};
}

// Exif 2.32, 4.6.5.1.6: which sides of the shown picture the first stored row and column are.
TurnedPixels turned_pixels(const PictureHeader& header) {
  const auto [width, height] = header.coding.extent;
  const std::int64_t last_x = width - 1, last_y = height - 1;
  switch (header.orientation) {
    case 2:  // top, right
      return {last_x, -1, width};
    case 3:  // bottom, right
      return {last_y * width + last_x, -1, -width};
    case 4:  // bottom, left
      return {last_y * width, 1, -width};
    case 5:  // left, top
      return {0, height, 1};
    case 6:  // right, top
      return {last_y, height, -1};
    case 7:  // right, bottom
      return {last_x * height + last_y, -height, -1};
    case 8:  // left, bottom
      return {last_x * height, -height, 1};
    default:
      return {0, 1, width};
  }
}

Extent2 checked_picture_extent(const std::string& name, std::uint64_t width, std::uint64_t height) {
  constexpr std::uint64_t kMaxSide = 1'000'000;
  constexpr std::uint64_t kMaxPixels = std::uint64_t{1} << 28;
  const std::string size = std::to_string(width) + " x " + std::to_string(height) + " pixels";
  if (width == 0 || height == 0) refuse_corrupt(name, size + ": a picture has at least one");
  if (width > kMaxSide || height > kMaxSide || width * height > kMaxPixels)
    refuse_corrupt(name, size + ": at most 1000000 a side and 2^28 in all are read");
  return {static_cast<std::int64_t>(width), static_cast<std::int64_t>(height)};
}

void require_possible_ratio(const std::string& name, std::uint64_t announced, std::uint64_t compressed,
                            std::uint64_t most_ratio) {
  if (announced / most_ratio > compressed + 64) {
    refuse_corrupt(name, "cut: its header announces " + std::to_string(announced) +
                             " bytes of pixels, more than its " + std::to_string(compressed) +
                             " bytes of compressed data can hold");
  }
}

}  // namespace sonde
