// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <tiffio.h>

#include "sonde/io/picture/codecs.h"
#include "sonde/io/volume/checks.h"

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

// Makes the pixels of a row what they are shown or counted as.
class Row {
 public:
  Row(const PictureCoding& coding, const Palette& palette)
      : layout_(coding.page.layout),
        palette_(palette),
        channels_(static_cast<std::size_t>(coding.channels)),
        bytes_(static_cast<std::size_t>(byte_size(coding.sample))),
        one_(coding.values == PixelValues::shown ? std::byte{255} : std::byte{1}),
        turned_round_(layout_.photometric == PHOTOMETRIC_MINISWHITE && coding.values == PixelValues::shown &&
                      coding.sample == SampleType::uint8),
        pixels_(row_bytes(coding)) {}

  // `count` pixels, each of `step` stored samples, from column `x` and channel `plane` on.
  void put(const std::byte* stored, std::size_t count, std::size_t step, std::size_t x, std::size_t plane) {
    std::byte* to = pixels_.data() + (x * channels_ + plane) * bytes_;
    if (layout_.photometric == PHOTOMETRIC_PALETTE && channels_ == 3) {
      for (std::size_t i = 0; i < count; ++i)
        std::ranges::copy(palette_[std::to_integer<std::size_t>(stored[i])], to + 3 * i);
    } else if (layout_.bits == 1) {
      for (std::size_t i = 0; i < count; ++i)
        to[i] = (stored[i / 8] << (i % 8) & std::byte{0x80}) == std::byte{0} ? std::byte{0} : one_;
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
  ByteView pixels() const { return pixels_; }

 private:
  const TiffLayout& layout_;
  const Palette& palette_;
  std::size_t channels_, bytes_;
  std::byte one_;
  bool turned_round_;
  std::vector<std::byte> pixels_;
};

// The pieces that hold a band of rows, of all planes that are read.
class Band {
 public:
  Band(TIFF* tiff, const TiffLayout& layout)
      : tiff_(tiff), layout_(layout), pieces_(pieces_of(tiff, layout)) {
    row_bytes_ = (pieces_.width * pieces_.samples * layout.bits + 7) / 8;
    across_ = (layout.width + pieces_.width - 1) / pieces_.width;
    planes_ = pieces_.samples == layout.samples ? 1 : 3;  // alpha, the fourth, is left out
    stored_.resize(row_bytes_ * pieces_.height * across_ * planes_);
  }
  std::uint32_t height() const { return pieces_.height; }

  // Whether libtiff had all of each piece. `y`: of the first row.
  bool read(std::uint32_t y) {
    const std::size_t rows =
        pieces_.tiled ? pieces_.height : std::min<std::size_t>(height(), layout_.height - y);
    const auto bytes = static_cast<tmsize_t>(row_bytes_ * rows);
    for (std::uint16_t plane = 0; plane < planes_; ++plane) {
      for (std::size_t piece = 0; piece < across_; ++piece) {
        const auto x = static_cast<std::uint32_t>(piece * pieces_.width);
        std::byte* to = at(piece, plane, 0);
        const auto read = pieces_.tiled
                              ? TIFFReadEncodedTile(tiff_, TIFFComputeTile(tiff_, x, y, 0, plane), to, bytes)
                              : TIFFReadEncodedStrip(tiff_, TIFFComputeStrip(tiff_, y, plane), to, bytes);
        if (read != bytes) return false;
      }
    }
    return true;
  }

  // A row of the band.
  void put(std::size_t row, Row& pixels) {
    for (std::size_t plane = 0; plane < planes_; ++plane) {
      for (std::size_t piece = 0; piece < across_; ++piece) {
        const std::size_t x = piece * pieces_.width;
        const auto columns = std::min<std::size_t>(pieces_.width, layout_.width - x);
        pixels.put(at(piece, plane, row), columns, pieces_.samples, x, plane);
      }
    }
  }

 private:
  std::byte* at(std::size_t piece, std::size_t plane, std::size_t row) {
    return stored_.data() + ((plane * across_ + piece) * pieces_.height + row) * row_bytes_;
  }

  TIFF* tiff_;
  const TiffLayout& layout_;
  Pieces pieces_;
  std::size_t row_bytes_ = 0, across_ = 1, planes_ = 1;
  std::vector<std::byte> stored_;
};

bool read_page(TIFF* tiff, const PictureCoding& coding, const ByteSink& give) {
  const TiffLayout& layout = coding.page.layout;
  if (layout.compression == COMPRESSION_JPEG) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  const Palette palette = palette_of(tiff, layout);
  Row row(coding, palette);
  Band band(tiff, layout);
  for (std::uint32_t y = 0; y < layout.height; y += band.height()) {
    if (!band.read(y)) return false;
    for (std::size_t i = 0; i < std::min<std::size_t>(band.height(), layout.height - y); ++i) {
      band.put(i, row);
      give(row.pixels());
    }
  }
  return true;
}

// Pixels that lie in the file as they are, row after row.
void read_raw(const std::string& name, ByteView bytes, const PictureCoding& coding, const Palette& palette,
              const ByteSink& give) {
  const TiffLayout& layout = coding.page.layout;
  const PictureBytes file(name, bytes, coding.page.order);
  const std::uint64_t row_bytes = (layout.width * layout.samples * layout.bits + 7) / 8;
  const std::size_t sample_bytes = layout.bits / 8;
  Row row(coding, palette);
  for (std::uint64_t y = 0; y < layout.height; ++y) {
    const ByteView part = file.part(coding.page.raw_at + y * row_bytes, row_bytes);
    std::vector<std::byte> stored(part.begin(), part.end());
    if (coding.page.order == ByteOrder::big && sample_bytes > 1)
      for (auto at = stored.begin(); at != stored.end(); at += static_cast<std::ptrdiff_t>(sample_bytes))
        std::reverse(at, at + static_cast<std::ptrdiff_t>(sample_bytes));
    row.put(stored.data(), layout.width, layout.samples, 0, 0);
    give(row.pixels());
  }
}

}  // namespace

void decode_tiff(const std::string& name, ByteView file, const PictureCoding& coding, const ByteSink& give) {
  Source source{.file = file};
  const TiffLayout& layout = coding.page.layout;
  const Tiff tiff = open_tiff(source);
  if (tiff == nullptr || TIFFSetSubDirectory(tiff.get(), coding.page.at) == 0)
    refuse_undecodable(name, source.fault.data());
  if (!is_as_checked(tiff.get(), layout)) refuse_undecodable(name, kAnotherPicture);
  if (coding.page.raw_at != 0) {
    read_raw(name, file, coding, palette_of(tiff.get(), layout), give);
    return;
  }
  const Pieces pieces = pieces_of(tiff.get(), layout);
  checked_picture_extent(name, pieces.width, pieces.height);
  source.fault = {};  // of entries that cost no pixel, such as a bad resolution
  if (!read_page(tiff.get(), coding, give) || source.fault[0] != '\0')
    refuse_undecodable(name, source.fault.data());
}

}  // namespace sonde
