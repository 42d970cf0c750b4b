// SPDX-License-Identifier: Apache-2.0
// Against OpenCV's decoder of PNG, in every kind of picture that the format knows.
#include <array>
#include <cstring>
#include <png.h>
#include <string>

#include <gtest/gtest.h>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "sonde/core/random.h"
#include "sonde/io/picture_codecs.h"

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

std::vector<std::byte> noise_as_png(const Kind& kind, int interlace, Transparency transparency) {
  std::vector<std::byte> file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &file, append, flush);
  png_set_IHDR(png, info, kWidth, kHeight, kind.depth, kind.colour, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  set_colours(png, info, kind, transparency);
  png_set_gAMA(png, info, 0.45);  // which neither decoder applies
  png_write_info(png, info);
  Random random(5);
  std::vector<std::vector<png_byte>> rows(kHeight, std::vector<png_byte>(png_get_rowbytes(png, info)));
  std::vector<png_bytep> pointers;
  for (auto& row : rows) {
    for (auto& value : row) value = static_cast<png_byte>(random.next());
    pointers.push_back(row.data());
  }
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

// Channels that both have: OpenCV gives grey with alpha as colours with alpha.
void expect_alike(const std::vector<std::byte>& decoded, const cv::Mat& expected) {
  DecodedHead head;
  ASSERT_GE(decoded.size(), sizeof head);
  std::memcpy(&head, decoded.data(), sizeof head);
  ASSERT_EQ(head.rows, expected.rows);
  ASSERT_EQ(head.columns, expected.cols);
  ASSERT_EQ(static_cast<std::size_t>(head.value_bytes), expected.elemSize1());
  ASSERT_LE(head.channels, expected.channels());
  const auto size = expected.elemSize1(), channels = static_cast<std::size_t>(head.channels);
  ASSERT_EQ(decoded.size(), sizeof head + expected.total() * channels * size);
  for (std::size_t pixel = 0; pixel < expected.total(); ++pixel) {
    const auto* ours = decoded.data() + sizeof head + pixel * channels * size;
    ASSERT_EQ(std::memcmp(ours, expected.data + pixel * expected.elemSize(), channels * size), 0) << pixel;
  }
}

TEST(DecodePng, GivesTheValuesThatOpenCvGives) {
  for (const Kind& kind : kKinds) {
    for (const int interlace : {PNG_INTERLACE_NONE, PNG_INTERLACE_ADAM7}) {
      for (const auto transparency : {Transparency::none, Transparency::declared}) {
        SCOPED_TRACE(std::to_string(kind.colour) + " of " + std::to_string(kind.depth) + " bits, interlace " +
                     std::to_string(interlace));
        const auto file = noise_as_png(kind, interlace, transparency);
        std::vector<std::byte> decoded;
        decode_png(file, decoded);
        const auto* data = reinterpret_cast<const uchar*>(file.data());
        expect_alike(decoded,
                     cv::imdecode(std::vector<uchar>(data, data + file.size()), cv::IMREAD_UNCHANGED));
      }
    }
  }
}

TEST(DecodePng, GivesNothingOfAFileThatIsCut) {
  const auto file = noise_as_png(kKinds[5], PNG_INTERLACE_NONE, Transparency::none);
  for (std::size_t size = 0; size < file.size(); ++size) {
    std::vector<std::byte> decoded;
    decode_png(ByteView(file).first(size), decoded);
    EXPECT_TRUE(decoded.empty()) << size;
  }
}

}  // namespace
}  // namespace sonde
