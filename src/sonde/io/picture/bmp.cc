// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdlib>

#include "sonde/io/picture/codecs.h"
#include "sonde/io/volume/checks.h"

// BMP: BITMAPFILEHEADER, then BITMAPINFOHEADER or a later one (Windows GDI).
namespace sonde {
namespace {

constexpr std::uint64_t kFileHeader = 14, kCoreHeader = 12, kInfoHeader = 40;
constexpr std::uint64_t kPlain = 0, kBitFields = 3;

struct Layout {
  std::uint64_t header_bytes = 0, pixels_at = 0, width = 0, height = 0, planes = 0, bits = 0, compression = 0,
                colours = 0;
  bool from_the_top = false;
  int greens = 5;  // bits of green, of 16
  bool has_palette() const { return bits <= 8; }
  std::uint64_t row_bytes() const { return (width * bits + 31) / 32 * 4; }
};

Layout layout_of(const PictureBytes& file) {
  const auto width = static_cast<std::int32_t>(file.number(18, 4));
  const auto height = static_cast<std::int32_t>(file.number(22, 4));  // negative: rows from the top
  const auto compression = file.number(30, 4);
  return {.header_bytes = file.number(kFileHeader, 4),
          .pixels_at = file.number(10, 4),
          .width = width > 0 ? static_cast<std::uint64_t>(width) : 0,
          .height = static_cast<std::uint64_t>(std::llabs(height)),
          .planes = file.number(26, 2),
          .bits = file.number(28, 2),
          .compression = compression,
          .colours = file.number(46, 4),
          .from_the_top = height < 0,
          .greens = compression == kBitFields && file.number(58, 4) == 0x7e0 ? 6 : 5};
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

using Colour = std::array<std::uint8_t, 3>;
using Palette = std::array<Colour, 256>;

// Those beyond the file's are black.
Palette palette_of(const PictureBytes& file, const Layout& layout) {
  Palette palette{};
  if (!layout.has_palette()) return palette;
  const auto at = kFileHeader + layout.header_bytes;
  const auto named = layout.colours == 0 ? std::uint64_t{1} << layout.bits : layout.colours;
  const auto count = std::min(named, (layout.pixels_at - at) / 4);
  for (std::uint64_t i = 0; i < count; ++i)  // blue, green, red, nothing
    for (std::uint64_t colour = 0; colour < 3; ++colour)
      palette.at(i).at(colour) = static_cast<std::uint8_t>(file.number(at + 4 * i + 2 - colour, 1));
  return palette;
}

Colour colour_at(const Layout& layout, const Palette& palette, ByteView row, std::uint64_t x) {
  const auto at = static_cast<std::size_t>(x * layout.bits / 8);
  const auto byte = [&](std::size_t i) { return std::to_integer<std::uint8_t>(row[at + i]); };
  if (layout.has_palette()) {
    const auto unused = 8 - layout.bits - x * layout.bits % 8;  // bits below those of the pixel
    return palette.at(byte(0) >> unused & ((1U << layout.bits) - 1));
  }
  if (layout.bits != 16) return {byte(2), byte(1), byte(0)};
  const unsigned value = byte(0) | byte(1) << 8;
  const auto part = [&](int from, int bits) {
    const unsigned most = (1U << bits) - 1;
    return static_cast<std::uint8_t>((value >> from & most) * 255 / most);
  };
  return {part(5 + layout.greens, 5), part(5, layout.greens), part(0, 5)};
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
  if (file.number(kFileHeader, 4) == kCoreHeader)
    refuse_unsupported(name, "BMP of OS/2 (a header of 12 bytes) is not read");
  const Layout layout = layout_of(file);
  PictureHeader header;
  header.format = "BMP";
  const Extent2 extent = checked_picture_extent(name, layout.width, layout.height);
  check_coding(file, layout);
  if (layout.has_palette() && layout.colours > (std::uint64_t{1} << layout.bits))
    refuse_corrupt(name, "damaged: a palette of " + std::to_string(layout.colours) + " colours for " +
                             std::to_string(layout.bits) + " bits");
  const auto needed = layout.row_bytes() * layout.height;
  if (layout.pixels_at < kFileHeader + layout.header_bytes)
    refuse_corrupt(name, "damaged: its pixels lie in its header");
  if (layout.pixels_at > file.size() || needed > file.size() - layout.pixels_at) {
    refuse_corrupt(name, "cut: its header announces " + std::to_string(needed) +
                             " bytes of pixels, the file holds " +
                             std::to_string(file.size() - std::min(file.size(), layout.pixels_at)));
  }
  const auto palette = palette_of(file, layout);
  const bool grey = layout.has_palette() && std::ranges::all_of(palette, [](const Colour& colour) {
                      return colour[0] == colour[1] && colour[1] == colour[2];
                    });
  header.photometric = grey ? Photometric::grey : Photometric::rgb;
  header.coding = {.extent = extent, .channels = grey ? 1 : 3, .page = {}, .decode = decode_bmp};
  header.stored_type = std::to_string(layout.bits) + (layout.has_palette() ? " bits, palette" : " bits rgb");
  return header;
}

void decode_bmp(const std::string& name, ByteView bytes, const PictureCoding& coding, const ByteSink& give) {
  const PictureBytes file(name, bytes, ByteOrder::little);
  const Layout layout = layout_of(file);
  if (layout.width != static_cast<std::uint64_t>(coding.extent.width))
    refuse_undecodable(name, kAnotherPicture);
  const auto palette = palette_of(file, layout);
  std::vector<std::byte> shown;
  shown.reserve(row_bytes(coding));
  for (std::uint64_t y = 0; y < layout.height; ++y) {
    const auto line = layout.from_the_top ? y : layout.height - 1 - y;
    const ByteView row = file.part(layout.pixels_at + line * layout.row_bytes(), layout.row_bytes());
    shown.clear();
    for (std::uint64_t x = 0; x < layout.width; ++x) {
      const Colour colour = colour_at(layout, palette, row, x);
      for (std::int64_t i = 0; i < coding.channels; ++i)
        shown.push_back(std::byte{colour[static_cast<std::size_t>(i)]});
    }
    give(shown);
  }
}

}  // namespace sonde
