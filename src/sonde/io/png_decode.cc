// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <png.h>

#include "sonde/io/picture_codecs.h"

namespace sonde {
namespace {

struct Source {
  ByteView rest;
};

void read_bytes(png_structp png, png_bytep to, png_size_t count) {
  auto& source = *static_cast<Source*>(png_get_io_ptr(png));
  if (count > source.rest.size()) png_error(png, "cut");
  std::memcpy(to, source.rest.data(), count);
  source.rest = source.rest.subspan(count);
}

[[noreturn]] void fail(png_structp png, png_const_charp) { png_longjmp(png, 1); }
void pass_over(png_structp, png_const_charp) {}

struct Reader {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, fail, pass_over);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

// 8 or 16 bits a value, one channel or three.
void ask_for_plain_values(png_structp png, png_infop info) {
  const auto colour = png_get_color_type(png, info);
  if (png_get_bit_depth(png, info) == 16) png_set_swap(png);
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  if ((colour & PNG_COLOR_MASK_COLOR) != 0) png_set_bgr(png);
  png_set_strip_alpha(png);
}

// libpng leaves by longjmp where it fails: no object of this function may need a destructor.
bool read_picture(Reader& reader, Source& source, std::vector<std::byte>& out) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;  // NOLINT(cert-err52-cpp): libpng's way to fail
  png_set_read_fn(reader.png, &source, read_bytes);
  png_read_info(reader.png, reader.info);
  ask_for_plain_values(reader.png, reader.info);
  const int passes = png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  const DecodedHead head{.rows = static_cast<std::int32_t>(png_get_image_height(reader.png, reader.info)),
                         .columns = static_cast<std::int32_t>(png_get_image_width(reader.png, reader.info)),
                         .channels = png_get_channels(reader.png, reader.info),
                         .value_bytes = png_get_bit_depth(reader.png, reader.info) / 8};
  const std::size_t row_bytes = png_get_rowbytes(reader.png, reader.info);
  out.resize(sizeof head + row_bytes * static_cast<std::size_t>(head.rows));
  std::memcpy(out.data(), &head, sizeof head);
  for (int pass = 0; pass < passes; ++pass) {
    auto* row = reinterpret_cast<png_bytep>(out.data() + sizeof head);
    for (std::int32_t y = 0; y < head.rows; ++y, row += row_bytes) png_read_row(reader.png, row, nullptr);
  }
  png_read_end(reader.png, nullptr);
  return true;
}

}  // namespace

void decode_png(ByteView file, std::vector<std::byte>& out) {
  Reader reader;
  Source source{file};
  if (reader.info == nullptr || !read_picture(reader, source, out)) out.clear();
}

}  // namespace sonde
