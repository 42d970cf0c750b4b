// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>
#include <jpeglib.h>
#include <limits>
#include <tiffio.h>

#include "sonde/io/picture/picture_testing.h"

// JPEG and TIFF as libjpeg and libtiff write them, for tests.
namespace sonde {

enum class JpegCoding { baseline, progressive };
struct JpegOptions {
  JpegCoding coding = JpegCoding::baseline;
  unsigned restart_rows = 0;
  J_COLOR_SPACE inks = JCS_CMYK;  // of four channels: or JCS_YCCK
};

inline std::string jpeg_of(const Pixels<std::uint8_t>& pixels, const JpegOptions& options = {}) {
  jpeg_compress_struct codec{};
  jpeg_error_mgr errors{};
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): libjpeg's
  jpeg_mem_dest(&codec, &bytes, &size);
  codec.image_width = pixels.width;
  codec.image_height = pixels.height;
  codec.input_components = static_cast<int>(pixels.channels);
  codec.in_color_space = pixels.channels == 1 ? JCS_GRAYSCALE : pixels.channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&codec);
  jpeg_set_quality(&codec, 95, TRUE);
  if (pixels.channels == 4) jpeg_set_colorspace(&codec, options.inks);
  if (options.coding == JpegCoding::progressive) jpeg_simple_progression(&codec);
  codec.restart_in_rows = static_cast<int>(options.restart_rows);
  jpeg_start_compress(&codec, TRUE);
  for (std::size_t y = 0; y < pixels.height; ++y) {
    auto* row = const_cast<JSAMPLE*>(&pixels.values[y * pixels.width * pixels.channels]);  // only read
    jpeg_write_scanlines(&codec, &row, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  std::string file(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);  // NOLINT(cppcoreguidelines-no-malloc): libjpeg took it with malloc
  return file;
}

struct TiffOptions {
  const char* mode = "w";  // "w8": BigTIFF; "wb", "wl": byte order
  std::uint16_t compression = COMPRESSION_LZW;
  std::uint16_t planar = PLANARCONFIG_CONTIG;
  std::uint32_t tile = 0;  // side; 0: strips
  std::uint32_t rows_per_strip = 4096;
};

template <typename T>
void set_tags(TIFF* tiff, const Pixels<T>& pixels, const TiffOptions& options) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, pixels.width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, pixels.height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8 * sizeof(T));
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, pixels.channels);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT,
               std::is_floating_point_v<T> ? SAMPLEFORMAT_IEEEFP
               : std::is_signed_v<T>       ? SAMPLEFORMAT_INT
                                           : SAMPLEFORMAT_UINT);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, options.compression);
  const bool ycbcr = options.compression == COMPRESSION_JPEG && pixels.channels == 3 &&
                     options.planar == PLANARCONFIG_CONTIG;
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
               pixels.channels == 1 ? PHOTOMETRIC_MINISBLACK
               : ycbcr              ? PHOTOMETRIC_YCBCR
                                    : PHOTOMETRIC_RGB);
  if (ycbcr) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  if (options.compression == COMPRESSION_LZW && std::is_integral_v<T>)
    TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
  if (options.compression == COMPRESSION_JPEG) TIFFSetField(tiff, TIFFTAG_JPEGQUALITY, 95);
  const std::uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
  if (pixels.channels == 4) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, options.planar);
  if (options.tile == 0)
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, std::min(options.rows_per_strip, pixels.height));
  if (options.tile != 0) TIFFSetField(tiff, TIFFTAG_TILEWIDTH, options.tile);
  if (options.tile != 0) TIFFSetField(tiff, TIFFTAG_TILELENGTH, options.tile);
}

// The strip or tile at (x, y) as libtiff takes it; beyond the picture its edge is repeated.
template <typename T>
std::vector<T> piece_of(const Pixels<T>& pixels, const TiffOptions& options, std::uint32_t x, std::uint32_t y,
                        std::uint32_t plane) {
  const bool separate = options.planar == PLANARCONFIG_SEPARATE;
  const std::uint32_t width = options.tile == 0 ? pixels.width : options.tile;
  const std::uint32_t height =
      options.tile == 0 ? std::min(options.rows_per_strip, pixels.height - y) : options.tile;
  std::vector<T> piece;
  for (std::uint32_t row = y; row < y + height; ++row)
    for (std::uint32_t column = x; column < x + width; ++column)
      for (std::uint32_t channel = 0; channel < pixels.channels; ++channel) {
        if (separate && channel != plane) continue;
        const std::size_t pixel =
            std::min(row, pixels.height - 1) * pixels.width + std::min(column, pixels.width - 1);
        piece.push_back(pixels.values[pixel * pixels.channels + channel]);
      }
  return piece;
}

template <typename T>
void write_page(TIFF* tiff, const Pixels<T>& pixels, const TiffOptions& options) {
  set_tags(tiff, pixels, options);
  const bool tiled = options.tile != 0;
  const std::uint32_t planes = options.planar == PLANARCONFIG_SEPARATE ? pixels.channels : 1;
  const std::uint32_t down = tiled ? options.tile : std::min(options.rows_per_strip, pixels.height);
  const std::uint32_t across = tiled ? options.tile : pixels.width;
  for (std::uint32_t plane = 0, number = 0; plane < planes; ++plane)
    for (std::uint32_t y = 0; y < pixels.height; y += down)
      for (std::uint32_t x = 0; x < pixels.width; x += across, ++number) {
        auto piece = piece_of(pixels, options, x, y, plane);
        const auto bytes = static_cast<tmsize_t>(piece.size() * sizeof(T));
        if (tiled) TIFFWriteEncodedTile(tiff, number, piece.data(), bytes);
        if (!tiled) TIFFWriteEncodedStrip(tiff, number, piece.data(), bytes);
      }
  TIFFWriteDirectory(tiff);
}

template <typename... Pages>
std::string tiff_of_pages(const TiffOptions& options, const Pages&... pages) {
  const TestFolder folder;
  const auto path = folder.path() / "a.tif";
  TIFF* tiff = TIFFOpen(path.c_str(), options.mode);
  (write_page(tiff, pages, options), ...);
  TIFFClose(tiff);
  return content_of(path);
}
template <typename T>
std::string tiff_of(const Pixels<T>& pixels, const TiffOptions& options = {}) {
  return tiff_of_pages(options, pixels);
}

template <typename T>
std::string encoded(std::string_view extension, const Pixels<T>& pixels) {
  if (extension == ".tif") return tiff_of(pixels);
  if constexpr (std::is_integral_v<T>) {
    if (extension == ".png") return png_of(pixels);
  }
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    if (extension == ".bmp") return bmp_of(pixels);
    if (extension == ".jpg") return jpeg_of(pixels);
  }
  ADD_FAILURE() << extension;
  return "";
}

}  // namespace sonde
