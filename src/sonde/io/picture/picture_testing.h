// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <zlib.h>

#include "sonde/io/picture/header.h"
#include "sonde/io/volume/volume_testing.h"

// What the tests of pictures share: pixels, and files built by hand.
namespace sonde {

// Row-major; colours as red, green, blue and perhaps alpha.
template <typename T>
struct Pixels {
  std::uint32_t width = 0, height = 0, channels = 1;
  std::vector<T> values;
};

template <typename T>
Pixels<T> filled(std::uint32_t width, std::uint32_t height, const std::vector<T>& pixel) {
  Pixels<T> pixels{width, height, static_cast<std::uint32_t>(pixel.size()), {}};
  for (std::uint32_t i = 0; i < width * height; ++i)
    pixels.values.insert(pixels.values.end(), pixel.begin(), pixel.end());
  return pixels;
}

// 13 x 9 pixels, every one different.
template <typename T>
Pixels<T> grey_ramp(double step, double start = 0) {
  Pixels<T> pixels{13, 9, 1, {}};
  for (int i = 0; i < 9 * 13; ++i) pixels.values.push_back(static_cast<T>(start + step * i));
  return pixels;
}

// 13 x 9 pixels with red = 20 x, green = 20 y, blue = 255 - x, times `scale`.
template <typename T>
Pixels<T> colour_ramp(int scale) {
  Pixels<T> pixels{13, 9, 3, {}};
  for (int y = 0; y < 9; ++y)
    for (int x = 0; x < 13; ++x)
      for (const int value : {20 * x, 20 * y, 255 - x})
        pixels.values.push_back(static_cast<T>(value * scale));
  return pixels;
}
inline std::vector<std::uint8_t> colour_ramp_rgb() { return colour_ramp<std::uint8_t>(1).values; }

template <typename T>
Pixels<T> with_alpha(const Pixels<T>& colours, T alpha) {
  Pixels<T> pixels{colours.width, colours.height, 4, {}};
  for (std::size_t i = 0; i < colours.values.size(); i += 3) {
    pixels.values.insert(pixels.values.end(), &colours.values[i], &colours.values[i] + 3);
    pixels.values.push_back(alpha);
  }
  return pixels;
}

inline std::string number_bytes(std::uint64_t value, std::size_t size, ByteOrder order) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i)
    bytes += static_cast<char>(value >> (8 * (order == ByteOrder::big ? size - 1 - i : i)));
  return bytes;
}
inline std::string little(std::uint64_t value, std::size_t size) {
  return number_bytes(value, size, ByteOrder::little);
}
inline std::string big(std::uint64_t value, std::size_t size) {
  return number_bytes(value, size, ByteOrder::big);
}

inline std::string png_chunk(const std::string& type, const std::string& data) {
  const std::string checked = type + data;
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(checked.data()), checked.size());
  return big(data.size(), 4) + checked + big(crc, 4);
}

struct PngParts {
  std::uint32_t width = 1, height = 1;
  int depth = 8, colour_type = 0;
  std::string before_pixels;  // chunks
  std::string rows;           // each with its filter byte
};
inline std::string png_file(const PngParts& parts) {
  uLongf size = compressBound(parts.rows.size());
  std::string packed(size, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(parts.rows.data()),
           parts.rows.size());
  packed.resize(size);
  const std::string header = big(parts.width, 4) + big(parts.height, 4) + static_cast<char>(parts.depth) +
                             static_cast<char>(parts.colour_type) + std::string(3, '\0');
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", header) + parts.before_pixels + png_chunk("IDAT", packed) +
         png_chunk("IEND", "");
}

inline std::string exif_of(std::uint64_t orientation) {
  return "II*" + std::string(1, '\0') + little(8, 4) + little(1, 2) + little(0x112, 2) + little(3, 2) +
         little(1, 4) + little(orientation, 4) + little(0, 4);
}
// A PNG that says how it is to be turned.
inline std::string with_orientation(std::string png, std::uint64_t orientation) {
  constexpr std::size_t kHeader = 33;  // signature and IHDR
  return png.insert(kHeader, png_chunk("eXIf", exif_of(orientation)));
}

template <typename T>
std::string png_of(const Pixels<T>& pixels) {
  const std::map<std::uint32_t, int> colour_types{{1, 0}, {3, 2}, {4, 6}};
  std::string rows;
  for (std::size_t i = 0; i < pixels.values.size(); ++i) {
    if (i % (pixels.width * pixels.channels) == 0) rows += '\0';  // no filter
    rows += big(pixels.values[i], sizeof(T));
  }
  return png_file({.width = pixels.width,
                   .height = pixels.height,
                   .depth = 8 * sizeof(T),
                   .colour_type = colour_types.at(pixels.channels),
                   .before_pixels = "",
                   .rows = rows});
}

struct TiffParts {
  ByteOrder order = ByteOrder::little;
  bool is_big_tiff = false;
  // Tag and value; bits, samples, compression and photometric are 8, 1, 1 and 1 (black is zero) unless given.
  std::vector<std::pair<std::uint16_t, std::uint64_t>> tags;
  std::vector<std::uint16_t> colour_map;
  std::string pixels;  // one strip, or the tile that the tags announce
};
// Pixels first, then the directory of 32-bit values.
inline std::string tiff_file(const TiffParts& parts) {
  const std::size_t word = parts.is_big_tiff ? 8 : 4;
  const auto put = [&](std::uint64_t value, std::size_t size) {
    return number_bytes(value, size, parts.order);
  };
  std::map<std::uint16_t, std::uint64_t> tags{{258, 8}, {259, 1}, {262, 1}, {277, 1}};
  for (const auto& [tag, value] : parts.tags) tags[tag] = value;
  const bool tiled = tags.contains(322);
  const std::size_t pixels_at = parts.is_big_tiff ? 16 : 8;
  tags[tiled ? 324 : 273] = pixels_at;
  tags[tiled ? 325 : 279] = parts.pixels.size();
  const std::size_t map_at = pixels_at + parts.pixels.size();
  const std::size_t directory_at = map_at + 2 * parts.colour_map.size();
  std::string file = parts.order == ByteOrder::big ? "MM" : "II";
  file += parts.is_big_tiff ? put(43, 2) + put(8, 2) + put(0, 2) : put(42, 2);
  file += put(directory_at, word) + parts.pixels;
  for (const auto colour : parts.colour_map) file += put(colour, 2);
  if (!parts.colour_map.empty()) tags[320] = map_at;
  file += put(tags.size(), parts.is_big_tiff ? 8 : 2);
  for (const auto& [tag, value] : tags) {
    const bool is_map = tag == 320;
    file += put(tag, 2) + put(is_map ? 3 : 4, 2) + put(is_map ? parts.colour_map.size() : 1, word);
    file += put(value, 4) + std::string(word - 4, '\0');
  }
  return file + put(0, word);
}

struct BmpParts {
  std::uint32_t header_bytes = 40;
  std::int32_t width = 1, height = 1;
  int bits = 24;
  std::uint32_t compression = 0;
  std::string after_header;  // masks, palette
  std::string pixels;
};
inline std::string bmp_file(const BmpParts& parts) {
  const bool core = parts.header_bytes == 12;
  const std::size_t side = core ? 2 : 4;
  std::string header = little(parts.header_bytes, 4);
  header += little(static_cast<std::uint32_t>(parts.width), side);
  header += little(static_cast<std::uint32_t>(parts.height), side) + little(1, 2);
  header += little(static_cast<std::uint64_t>(parts.bits), 2);
  if (!core) header += little(parts.compression, 4) + std::string(20, '\0');
  header += parts.after_header;
  return "BM" + little(14 + header.size() + parts.pixels.size(), 4) + std::string(4, '\0') +
         little(14 + header.size(), 4) + header + parts.pixels;
}

// Grey with a palette of 256 greys, or 24 bits.
inline std::string bmp_of(const Pixels<std::uint8_t>& pixels) {
  BmpParts parts{.width = static_cast<std::int32_t>(pixels.width),
                 .height = static_cast<std::int32_t>(pixels.height),
                 .bits = pixels.channels == 1 ? 8 : 24,
                 .after_header = "",
                 .pixels = ""};
  if (pixels.channels == 1)
    for (int i = 0; i < 256; ++i) parts.after_header += std::string(3, static_cast<char>(i)) + '\0';
  const std::size_t row = std::size_t{pixels.width} * pixels.channels;
  for (std::size_t y = pixels.height; y-- > 0;) {
    std::string line(reinterpret_cast<const char*>(&pixels.values[y * row]), row);
    for (std::size_t i = 0; pixels.channels == 3 && i < row; i += 3) std::swap(line[i], line[i + 2]);
    parts.pixels += line + std::string((4 - row % 4) % 4, '\0');
  }
  return bmp_file(parts);
}

}  // namespace sonde
