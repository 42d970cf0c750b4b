// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdlib>

#include "sonde/io/picture_header.h"
#include "sonde/io/volume_checks.h"

// BMP: BITMAPFILEHEADER, then BITMAPINFOHEADER or a later one (Windows GDI).
namespace sonde {
namespace {

constexpr std::uint64_t kFileHeader = 14, kCoreHeader = 12, kInfoHeader = 40;
constexpr std::uint64_t kPlain = 0, kBitFields = 3;

struct Layout {
  std::uint64_t width = 0, height = 0, planes = 0, bits = 0, compression = 0, colours = 0;
};

Layout layout_of(const PictureBytes& file) {
  const auto width = static_cast<std::int32_t>(file.number(18, 4));
  const auto height = static_cast<std::int32_t>(file.number(22, 4));  // negative: rows from the top
  return {.width = width > 0 ? static_cast<std::uint64_t>(width) : 0,
          .height = static_cast<std::uint64_t>(std::llabs(height)),
          .planes = file.number(26, 2),
          .bits = file.number(28, 2),
          .compression = file.number(30, 4),
          .colours = file.number(46, 4)};
}

void check_masks(const PictureBytes& file, std::uint64_t bits) {
  using Masks = std::array<std::uint64_t, 3>;
  const Masks masks{file.number(54, 4), file.number(58, 4), file.number(62, 4)};
  const bool usual = bits == 16 ? masks == Masks{0x7c00, 0x3e0, 0x1f} || masks == Masks{0xf800, 0x7e0, 0x1f}
                                : masks == Masks{0xff0000, 0xff00, 0xff};
  if (!usual) refuse_unsupported(file.name(), "BMP with unusual bit masks is not read");
}

void check_coding(const PictureBytes& file, const Layout& layout) {
  constexpr std::array<std::uint64_t, 6> kDepths{1, 4, 8, 16, 24, 32};
  const std::string& name = file.name();
  if (layout.planes != 1 || std::ranges::find(kDepths, layout.bits) == kDepths.end()) {
    refuse_corrupt(name, "damaged: " + std::to_string(layout.planes) + " planes of " +
                             std::to_string(layout.bits) +
                             " bits, a BMP has one plane of 1, 4, 8, 16, 24 or 32");
  }
  const bool has_masks = layout.compression == kBitFields && (layout.bits == 16 || layout.bits == 32);
  if (has_masks) check_masks(file, layout.bits);
  if (layout.compression != kPlain && !has_masks)
    refuse_unsupported(name, "compressed BMP (" + std::to_string(layout.compression) + ") is not read");
}

}  // namespace

bool starts_as_bmp(ByteView head) {
  if (head.size() < 18 || head[0] != std::byte{'B'} || head[1] != std::byte{'M'}) return false;
  const auto header_bytes = std::to_integer<unsigned>(head[14]);
  return head[15] == std::byte{0} && head[16] == std::byte{0} && head[17] == std::byte{0} &&
         (header_bytes == kCoreHeader || (header_bytes >= kInfoHeader && header_bytes <= 124));
}

PictureHeader parse_bmp(const std::string& name, ByteView bytes) {
  const PictureBytes file(name, bytes, ByteOrder::little);
  const auto header_bytes = file.number(kFileHeader, 4);
  if (header_bytes == kCoreHeader)  // OpenCV takes its colours for grey
    refuse_unsupported(name, "BMP of OS/2 (a header of 12 bytes) is not read");
  const Layout layout = layout_of(file);
  PictureHeader header;
  header.format = "BMP";
  header.extent = checked_picture_extent(name, layout.width, layout.height);
  check_coding(file, layout);
  const bool has_palette = layout.bits <= 8;
  if (has_palette && layout.colours > (std::uint64_t{1} << layout.bits))
    refuse_corrupt(name, "damaged: a palette of " + std::to_string(layout.colours) + " colours for " +
                             std::to_string(layout.bits) + " bits");
  const auto pixels_at = file.number(10, 4);
  const auto row_bytes = (layout.width * layout.bits + 31) / 32 * 4;
  const auto needed = row_bytes * layout.height;
  if (pixels_at < kFileHeader + header_bytes) refuse_corrupt(name, "damaged: its pixels lie in its header");
  if (pixels_at > file.size() || needed > file.size() - pixels_at) {
    refuse_corrupt(name, "cut: its header announces " + std::to_string(needed) +
                             " bytes of pixels, the file holds " +
                             std::to_string(file.size() - std::min(file.size(), pixels_at)));
  }
  header.colour = has_palette ? PictureHeader::Colour::grey : PictureHeader::Colour::rgb;
  header.colour_is_decoders = has_palette;
  header.stored_type = std::to_string(layout.bits) + (has_palette ? " bits, palette" : " bits rgb");
  return header;
}

}  // namespace sonde
