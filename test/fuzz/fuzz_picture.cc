// SPDX-License-Identifier: Apache-2.0
// Headers of PNG, JPEG, BMP and TIFF files, which are read before the child process of the decoders is asked.
// The first byte is the page of a TIFF file.
#include "fuzz.h"

#include "sonde/io/picture/header.h"

namespace {

using namespace sonde;  // NOLINT(google-build-using-namespace): a program of one file

PictureHeader parse(std::int64_t page, ByteView bytes) {
  if (starts_as_tiff(bytes)) return parse_tiff("fuzz.tif", bytes, {.frame = page});
  if (starts_as_png(bytes)) return parse_png("fuzz.png", bytes, PixelValues::shown);
  if (starts_as_jpeg(bytes)) return parse_jpeg("fuzz.jpg", bytes);
  return parse_bmp("fuzz.bmp", bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::chosen(data, size);
  if (!input) return 0;
  fuzz::refusal([&] {
    constexpr std::size_t kPages = 3;
    const PictureHeader header = parse(static_cast<std::int64_t>(input->choice % kPages), input->bytes);
    const Extent2 extent = header.coding.extent;
    fuzz::insist(extent.width >= 1 && extent.height >= 1 && pixel_count(extent) <= std::int64_t{1} << 28);
    fuzz::insist(header.orientation >= 1 && header.orientation <= 8);
    fuzz::insist(header.frame_count >= 1 && !header.format.empty() && !header.stored_type.empty());
  });
  return 0;
}
