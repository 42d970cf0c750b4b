// SPDX-License-Identifier: Apache-2.0
// Every kind of picture that the format knows.
#include <array>
#include <map>
#include <png.h>
#include <string>

#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/random.h"
#include "sonde/io/picture/codecs.h"

namespace sonde {
namespace {

struct Kind {
  int colour, depth;
};
constexpr std::array kKinds{Kind{PNG_COLOR_TYPE_GRAY, 1},       Kind{PNG_COLOR_TYPE_GRAY, 2},
                            Kind{PNG_COLOR_TYPE_GRAY, 4},       Kind{PNG_COLOR_TYPE_GRAY, 8},
                            Kind{PNG_COLOR_TYPE_GRAY, 16},      Kind{PNG_COLOR_TYPE_RGB, 8},
                            Kind{PNG_COLOR_TYPE_RGB, 16},       Kind{PNG_COLOR_TYPE_PALETTE, 1},
                            Kind{PNG_COLOR_TYPE_PALETTE, 4},    Kind{PNG_COLOR_TYPE_PALETTE, 8},
                            Kind{PNG_COLOR_TYPE_GRAY_ALPHA, 8}, Kind{PNG_COLOR_TYPE_GRAY_ALPHA, 16},
                            Kind{PNG_COLOR_TYPE_RGB_ALPHA, 8},  Kind{PNG_COLOR_TYPE_RGB_ALPHA, 16}};
constexpr png_uint_32 kWidth = 13, kHeight = 9;

void append(png_structp png, png_bytep bytes, png_size_t count) {
  auto& out = *static_cast<std::vector<std::byte>*>(png_get_io_ptr(png));
  const auto* begin = reinterpret_cast<const std::byte*>(bytes);
  out.insert(out.end(), begin, begin + count);
}
void flush(png_structp) {}

enum class Transparency { none, declared };

void set_colours(png_structp png, png_infop info, const Kind& kind, Transparency transparency) {
  std::array<png_color, 256> palette{};
  for (std::size_t i = 0; i < palette.size(); ++i)
    palette.at(i) = {static_cast<png_byte>(i), static_cast<png_byte>(2 * i), static_cast<png_byte>(7 * i)};
  if (kind.colour == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette.data(), 1 << kind.depth);
  if (transparency == Transparency::none || (kind.colour & PNG_COLOR_MASK_ALPHA) != 0) return;
  const std::array<png_byte, 2> alphas{0, 100};
  const png_color_16 key{.index = 0, .red = 1, .green = 1, .blue = 1, .gray = 1};
  png_set_tRNS(png, info, alphas.data(), 2, &key);
}

using Rows = std::vector<std::vector<png_byte>>;

Rows noise(const Kind& kind) {
  const std::map<int, std::size_t> channels{{PNG_COLOR_TYPE_GRAY, 1},
                                            {PNG_COLOR_TYPE_RGB, 3},
                                            {PNG_COLOR_TYPE_PALETTE, 1},
                                            {PNG_COLOR_TYPE_GRAY_ALPHA, 2},
                                            {PNG_COLOR_TYPE_RGB_ALPHA, 4}};
  const std::size_t bits = kWidth * channels.at(kind.colour) * static_cast<std::size_t>(kind.depth);
  Random random(5);
  Rows rows(kHeight, std::vector<png_byte>((bits + 7) / 8));
  for (auto& row : rows)
    for (auto& value : row) value = static_cast<png_byte>(random.next());
  return rows;
}

std::vector<std::byte> as_png(Rows rows, const Kind& kind, int interlace, Transparency transparency) {
  std::vector<std::byte> file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &file, append, flush);
  png_set_IHDR(png, info, kWidth, kHeight, kind.depth, kind.colour, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  set_colours(png, info, kind, transparency);
  png_set_gAMA(png, info, 0.45);  // which is not applied
  png_write_info(png, info);
  std::vector<png_bytep> pointers;
  for (auto& row : rows) pointers.push_back(row.data());
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

// What the rows mean, taken apart bit by bit: colours and grey without alpha, low byte first.
std::vector<std::byte> meant(const Rows& rows, const Kind& kind) {
  const auto depth = static_cast<std::size_t>(kind.depth);
  const std::size_t colours = (kind.colour & PNG_COLOR_MASK_COLOR) != 0 && kind.colour != 3 ? 3 : 1;
  const std::size_t stored = colours + ((kind.colour & PNG_COLOR_MASK_ALPHA) != 0 ? 1 : 0);
  std::vector<std::byte> values;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < kWidth * stored; ++i) {
      if (i % stored == colours) continue;  // alpha
      unsigned value = 0;
      for (std::size_t bit = i * depth; bit < (i + 1) * depth; ++bit)
        value = value << 1 | (row[bit / 8] >> (7 - bit % 8) & 1U);
      if (kind.colour == PNG_COLOR_TYPE_PALETTE) {
        for (const unsigned factor : {1U, 2U, 7U}) values.push_back(static_cast<std::byte>(factor * value));
      } else {
        const unsigned stretched = depth < 8 ? value * 255 / ((1U << depth) - 1) : value;
        values.push_back(static_cast<std::byte>(stretched));
        if (depth == 16) values.push_back(static_cast<std::byte>(stretched >> 8));
      }
    }
  }
  return values;
}

std::vector<std::byte> decoded(ByteView file, const PictureHeader& header) {
  std::vector<std::byte> samples;
  decode_png("a.png", file, header.coding,
             [&](ByteView row) { samples.insert(samples.end(), row.begin(), row.end()); });
  return samples;
}
std::vector<std::byte> decoded(ByteView file) {
  return decoded(file, parse_png("a.png", file, PixelValues::shown));
}

TEST(DecodePng, GivesTheValuesOfEveryKind) {
  for (const Kind& kind : kKinds) {
    for (const int interlace : {PNG_INTERLACE_NONE, PNG_INTERLACE_ADAM7}) {
      for (const auto transparency : {Transparency::none, Transparency::declared}) {
        SCOPED_TRACE(std::to_string(kind.colour) + " of " + std::to_string(kind.depth) + " bits, interlace " +
                     std::to_string(interlace));
        const Rows rows = noise(kind);
        EXPECT_EQ(decoded(as_png(rows, kind, interlace, transparency)), meant(rows, kind));
      }
    }
  }
}

TEST(DecodePng, GivesNothingOfAFileThatIsCut) {
  const auto file = as_png(noise(kKinds[5]), kKinds[5], PNG_INTERLACE_NONE, Transparency::none);
  const PictureHeader header = parse_png("a.png", file, PixelValues::shown);
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_THROW(decoded(ByteView(file).first(size), header), Error) << size;
}

}  // namespace
}  // namespace sonde
