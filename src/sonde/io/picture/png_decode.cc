// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <cstring>
#include <png.h>

#include "sonde/io/picture/codecs.h"

namespace sonde {
namespace {

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
void ask_for(PixelValues values, png_structp png, png_infop info) {
  const auto colour = png_get_color_type(png, info);
  if (png_get_bit_depth(png, info) == 16) png_set_swap(png);
  if (values == PixelValues::stored) {
    png_set_packing(png);
  } else {
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  }
  png_set_strip_alpha(png);
}

// What the picture is read through: a row, or all of it where later passes fill in between.
struct Rows {
  const PictureCoding& coding;
  const ByteSink& give;
  std::vector<std::byte> buffer{};
};

// libpng leaves by longjmp where it fails: no object of this function may need a destructor.
bool read_rows(Reader& reader, ByteView& rest, Rows& rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;  // NOLINT(cert-err52-cpp): libpng's way to fail
  png_set_read_fn(reader.png, &rest, read_bytes);
  png_read_info(reader.png, reader.info);
  ask_for(rows.coding.values, reader.png, reader.info);
  const int passes = png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  const std::size_t bytes = png_get_rowbytes(reader.png, reader.info);
  const std::size_t height = png_get_image_height(reader.png, reader.info);
  if (png_get_image_width(reader.png, reader.info) != rows.coding.extent.width ||
      height != static_cast<std::size_t>(rows.coding.extent.height) || bytes != row_bytes(rows.coding))
    png_error(reader.png, kAnotherPicture);
  const std::size_t kept = passes == 1 ? 1 : height;
  rows.buffer.resize(kept * bytes);
  for (int pass = 0; pass < passes; ++pass) {
    for (std::size_t y = 0; y < height; ++y) {
      auto* row = rows.buffer.data() + y % kept * bytes;
      png_read_row(reader.png, reinterpret_cast<png_bytep>(row), nullptr);
      if (pass + 1 == passes) rows.give({row, bytes});
    }
  }
  png_read_end(reader.png, nullptr);
  return true;
}

}  // namespace

void decode_png(const std::string& name, ByteView file, const PictureCoding& coding, const ByteSink& give) {
  Reader reader;
  Rows rows{coding, give};
  if (reader.info == nullptr || !read_rows(reader, file, rows)) refuse_undecodable(name, reader.fault.data());
}

}  // namespace sonde
