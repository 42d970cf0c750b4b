// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <cstring>
#include <png.h>

#include "sonde/io/picture_codecs.h"

namespace sonde {
namespace {

enum class Values { shown, stored };

void read_bytes(png_structp png, png_bytep to, png_size_t count) {
  auto& rest = *static_cast<ByteView*>(png_get_io_ptr(png));
  if (count > rest.size()) png_error(png, "cut");
  std::memcpy(to, rest.data(), count);
  rest = rest.subspan(count);
}

using Text = std::array<char, 200>;

[[noreturn]] void fail(png_structp png, png_const_charp says) {
  auto& fault = *static_cast<Text*>(png_get_error_ptr(png));
  std::snprintf(fault.data(), fault.size(), "%s", says);
  png_longjmp(png, 1);
}
void pass_over(png_structp, png_const_charp) {}

struct Reader {
  Text fault{};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &fault, fail, pass_over);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

// 8 or 16 bits a value, one channel or three.
void ask_for(Values values, png_structp png, png_infop info) {
  const auto colour = png_get_color_type(png, info);
  if (png_get_bit_depth(png, info) == 16) png_set_swap(png);
  if (values == Values::stored) {
    png_set_packing(png);
  } else {
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  }
  png_set_strip_alpha(png);
}

// libpng leaves by longjmp where it fails: no object of this function may need a destructor.
bool read_rows(Reader& reader, Values values, ByteView& rest, const PictureHeader& header,
               std::span<std::byte> samples) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;  // NOLINT(cert-err52-cpp): libpng's way to fail
  png_set_read_fn(reader.png, &rest, read_bytes);
  png_read_info(reader.png, reader.info);
  ask_for(values, reader.png, reader.info);
  const int passes = png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  const std::size_t row_bytes = png_get_rowbytes(reader.png, reader.info);
  const std::size_t rows = png_get_image_height(reader.png, reader.info);
  if (png_get_image_width(reader.png, reader.info) != header.extent.width ||
      rows * row_bytes != samples.size())
    png_error(reader.png, kAnotherPicture);
  for (int pass = 0; pass < passes; ++pass) {
    auto* row = reinterpret_cast<png_bytep>(samples.data());
    for (std::size_t y = 0; y < rows; ++y, row += row_bytes) png_read_row(reader.png, row, nullptr);
  }
  png_read_end(reader.png, nullptr);
  return true;
}

void decode(Values values, const std::string& name, ByteView file, const PictureHeader& header,
            std::span<std::byte> samples) {
  Reader reader;
  if (reader.info == nullptr || !read_rows(reader, values, file, header, samples))
    refuse_undecodable(name, reader.fault.data());
}

}  // namespace

void decode_png(const std::string& name, ByteView file, const PictureHeader& header,
                std::span<std::byte> samples) {
  decode(Values::shown, name, file, header, samples);
}

void decode_png_as_stored(const std::string& name, ByteView file, const PictureHeader& header,
                          std::span<std::byte> samples) {
  decode(Values::stored, name, file, header, samples);
}

}  // namespace sonde
