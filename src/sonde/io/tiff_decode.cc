// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <tiffio.h>

#include "sonde/io/picture_codecs.h"
#include "sonde/io/volume_checks.h"

namespace sonde {
namespace {

// --- What libtiff reads and says. Nothing here may throw through it.

struct Source {
  ByteView file;
  std::uint64_t at = 0;
  std::array<char, 200> fault{};  // the first
};

tmsize_t read_bytes(thandle_t handle, void* to, tmsize_t most) {
  auto& source = *static_cast<Source*>(handle);
  const std::uint64_t left = source.file.size() - std::min<std::uint64_t>(source.at, source.file.size());
  const auto count = std::min(left, static_cast<std::uint64_t>(most));
  if (count > 0) std::memcpy(to, source.file.data() + source.at, count);
  source.at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t write_nothing(thandle_t, void*, tmsize_t) { return 0; }

toff_t size_of(thandle_t handle) { return static_cast<Source*>(handle)->file.size(); }

toff_t seek(thandle_t handle, toff_t offset, int from) {
  auto& source = *static_cast<Source*>(handle);
  return source.at = offset + (from == SEEK_SET ? 0 : from == SEEK_CUR ? source.at : size_of(handle));
}

int close_nothing(thandle_t) { return 0; }

int take_error(TIFF*, void* handle, const char*, const char* format, va_list values) {
  auto& fault = static_cast<Source*>(handle)->fault;
  if (fault[0] == '\0') std::vsnprintf(fault.data(), fault.size(), format, values);
  return 1;
}

// Where pixels are lost libtiff says so in an error, but for JPEG. It passes on the first of libjpeg's
// warnings alone: none can be taken as harmless.
int take_warning(TIFF* tiff, void* handle, const char* module, const char* format, va_list values) {
  constexpr std::array<std::string_view, 3> kLosesPixels{"JPEGLib", "JPEGPreDecode", "JPEGDecode"};
  if (module != nullptr && std::ranges::find(kLosesPixels, module) != kLosesPixels.end())
    return take_error(tiff, handle, module, format, values);
  return 1;
}

using Tiff = std::unique_ptr<TIFF, decltype(&TIFFClose)>;

Tiff open_tiff(Source& source) {
  constexpr tmsize_t kMaxAtOnce = tmsize_t{1} << 31;
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(),
                                                                                 TIFFOpenOptionsFree);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMaxAtOnce);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), take_error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), take_warning, &source);
  return {TIFFClientOpenExt("picture", "rh", &source, read_bytes, write_nothing, seek, close_nothing, size_of,
                            nullptr, nullptr, options.get()),  // h: no page as yet
          TIFFClose};
}

// --- The picture.

// Strips or tiles.
struct Pieces {
  bool tiled = false;
  std::uint32_t width = 0, height = 0;  // of each; the last strip may be lower
  std::size_t samples = 1;              // of a pixel in one piece
};

template <typename T>
T number(TIFF* tiff, std::uint32_t tag) {
  T value = 0;
  TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

Pieces pieces_of(TIFF* tiff, const TiffLayout& layout) {
  Pieces pieces{.tiled = TIFFIsTiled(tiff) != 0};
  pieces.width = pieces.tiled ? number<std::uint32_t>(tiff, TIFFTAG_TILEWIDTH)
                              : static_cast<std::uint32_t>(layout.width);
  pieces.height = number<std::uint32_t>(tiff, pieces.tiled ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP);
  if (!pieces.tiled) pieces.height = std::min(pieces.height, static_cast<std::uint32_t>(layout.height));
  pieces.samples = layout.planar == PLANARCONFIG_SEPARATE ? 1 : layout.samples;
  return pieces;
}

// The buffers are of the sizes that the checked header asks for: libtiff must see the same.
bool is_as_checked(TIFF* tiff, const TiffLayout& layout) {
  return number<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH) == layout.width &&
         number<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH) == layout.height &&
         number<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE) == layout.bits &&
         number<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL) == layout.samples &&
         number<std::uint16_t>(tiff, TIFFTAG_COMPRESSION) == layout.compression &&
         number<std::uint16_t>(tiff, TIFFTAG_PHOTOMETRIC) == layout.photometric &&
         (layout.samples == 1 || number<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG) == layout.planar);
}

using Palette = std::array<std::array<std::byte, 3>, 256>;

// Of 8 bits; empty where the picture has none.
Palette palette_of(TIFF* tiff, const TiffLayout& layout) {
  std::array<std::uint16_t*, 3> columns{};
  Palette palette{};
  if (layout.photometric != PHOTOMETRIC_PALETTE ||
      TIFFGetField(tiff, TIFFTAG_COLORMAP, &columns[0], &columns[1], &columns[2]) == 0)
    return palette;
  const bool wide = std::ranges::any_of(columns, [](const std::uint16_t* column) {
    return std::any_of(column, column + 256, [](std::uint16_t value) { return value > 255; });
  });
  for (std::size_t i = 0; i < palette.size(); ++i)
    for (std::size_t colour = 0; colour < 3; ++colour)
      palette[i][colour] = static_cast<std::byte>(columns[colour][i] >> (wide ? 8 : 0));
  return palette;
}

struct Place {
  std::size_t x = 0, y = 0, plane = 0;
};

class Picture {
 public:
  Picture(const PictureHeader& header, const Palette& palette, std::span<std::byte> samples)
      : layout_(header.page.layout),
        palette_(palette),
        samples_(samples),
        channels_(header.photometric == Photometric::rgb ? 3 : 1),
        bytes_(static_cast<std::size_t>(byte_size(header.sample))),
        turned_round_(layout_.photometric == PHOTOMETRIC_MINISWHITE &&
                      header.photometric == Photometric::grey) {}

  // `count` pixels of a row, each of `step` stored samples; the first goes to `place`.
  void put(const std::byte* stored, std::size_t count, std::size_t step, const Place& place) {
    std::byte* to =
        samples_.data() + ((place.y * layout_.width + place.x) * channels_ + place.plane) * bytes_;
    if (layout_.photometric == PHOTOMETRIC_PALETTE) {
      for (std::size_t i = 0; i < count; ++i)
        std::ranges::copy(palette_[std::to_integer<std::size_t>(stored[i])], to + 3 * i);
    } else if (layout_.bits == 1) {
      for (std::size_t i = 0; i < count; ++i)
        to[i] = (stored[i / 8] << (i % 8) & std::byte{0x80}) == std::byte{0} ? std::byte{0} : std::byte{255};
    } else if (step == channels_) {
      std::memcpy(to, stored, count * step * bytes_);
    } else {
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t channel = 0; channel < std::min(step, channels_); ++channel)
          std::memcpy(to + (i * channels_ + channel) * bytes_, stored + (i * step + channel) * bytes_,
                      bytes_);
    }
    if (turned_round_) std::transform(to, to + count, to, [](std::byte value) { return ~value; });
  }

 private:
  const TiffLayout& layout_;
  const Palette& palette_;
  std::span<std::byte> samples_;
  std::size_t channels_, bytes_;
  bool turned_round_;
};

// Whether libtiff had all of each piece that holds pixels of `plane`.
bool read_plane(TIFF* tiff, const Pieces& pieces, std::uint16_t plane, const TiffLayout& layout,
                Picture& picture) {
  const std::size_t row_bytes = (pieces.width * pieces.samples * layout.bits + 7) / 8;
  std::vector<std::byte> stored(row_bytes * pieces.height);
  for (std::uint32_t y = 0; y < layout.height; y += pieces.height) {
    const auto rows = std::min<std::size_t>(pieces.height, layout.height - y);
    for (std::uint32_t x = 0; x < layout.width; x += pieces.width) {
      const auto bytes = static_cast<tmsize_t>(row_bytes * (pieces.tiled ? pieces.height : rows));
      const auto read =
          pieces.tiled
              ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, x, y, 0, plane), stored.data(), bytes)
              : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, y, plane), stored.data(), bytes);
      if (read != bytes) return false;
      const auto columns = std::min<std::size_t>(pieces.width, layout.width - x);
      for (std::size_t row = 0; row < rows; ++row)
        picture.put(stored.data() + row * row_bytes, columns, pieces.samples, {x, y + row, plane});
    }
  }
  return true;
}

bool read_page(TIFF* tiff, const Pieces& pieces, const PictureHeader& header, std::span<std::byte> samples) {
  const TiffLayout& layout = header.page.layout;
  if (layout.compression == COMPRESSION_JPEG) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  const Palette palette = palette_of(tiff, layout);
  Picture picture(header, palette, samples);
  const std::size_t planes = pieces.samples == layout.samples ? 1 : 3;  // alpha, the fourth, is left out
  for (std::uint16_t plane = 0; plane < planes; ++plane)
    if (!read_plane(tiff, pieces, plane, layout, picture)) return false;
  return true;
}

}  // namespace

void decode_tiff(const std::string& name, ByteView file, const PictureHeader& header,
                 std::span<std::byte> samples) {
  Source source{.file = file};
  const Tiff tiff = open_tiff(source);
  if (tiff == nullptr || TIFFSetSubDirectory(tiff.get(), header.page.at) == 0)
    refuse_undecodable(name, source.fault.data());
  if (!is_as_checked(tiff.get(), header.page.layout)) refuse_undecodable(name, kAnotherPicture);
  const Pieces pieces = pieces_of(tiff.get(), header.page.layout);
  checked_picture_extent(name, pieces.width, pieces.height);
  source.fault = {};  // of entries that cost no pixel, such as a bad resolution
  if (!read_page(tiff.get(), pieces, header, samples) || source.fault[0] != '\0')
    refuse_undecodable(name, source.fault.data());
}

}  // namespace sonde
