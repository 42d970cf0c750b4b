// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/write.h"

#include <algorithm>
#include <bit>
#include <png.h>

#include <zlib.h>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/io/own_file.h"
#include "sonde/io/picture/png_encode.h"

namespace sonde {
namespace {

void require_size(const std::string& name, Extent2 extent, std::size_t bytes, std::int64_t channels) {
  if (extent.width > 0 && extent.height > 0 &&
      bytes == static_cast<std::size_t>(pixel_count(extent) * channels))
    return;
  throw Error(ErrorKind::internal, name + ": the picture to be written has no pixels or too few");
}

void append(png_structp png, png_bytep bytes, png_size_t count) {
  auto& out = *static_cast<std::vector<std::byte>*>(png_get_io_ptr(png));
  const auto* begin = reinterpret_cast<const std::byte*>(bytes);
  out.insert(out.end(), begin, begin + count);
}
void flush(png_structp) {}
[[noreturn]] void fail(png_structp png, png_const_charp) { png_longjmp(png, 1); }
void pass_over(png_structp, png_const_charp) {}

struct Writer {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, fail, pass_over);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  Writer() = default;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { png_destroy_write_struct(&png, &info); }
};

void set_mark(Writer& writer) {
  static std::string keyword = "Software", mark(kOwnMark);  // libpng takes no constants
  png_text text{};
  text.compression = PNG_TEXT_COMPRESSION_NONE;
  text.key = keyword.data();
  text.text = mark.data();
  png_set_text(writer.png, writer.info, &text, 1);
}

// libpng leaves by longjmp where it fails: no object of this function may need a destructor.
bool write_values(Writer& writer, const PngValues& values, PngAim aim, std::vector<std::byte>& out) {
  if (setjmp(png_jmpbuf(writer.png)) != 0) return false;  // NOLINT(cert-err52-cpp): libpng's way to fail
  png_set_write_fn(writer.png, &out, append, flush);
  if (aim == PngAim::quick) {
    png_set_filter(writer.png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
    png_set_compression_level(writer.png, Z_BEST_SPEED);
    png_set_compression_strategy(writer.png, Z_RLE);
  } else {
    png_set_compression_level(writer.png, 7);
    png_set_compression_strategy(writer.png, Z_DEFAULT_STRATEGY);
  }
  png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(values.extent.width),
               static_cast<png_uint_32>(values.extent.height), values.bits,
               values.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  set_mark(writer);
  png_write_info(writer.png, writer.info);
  if (values.bits == 16 && std::endian::native == std::endian::little) png_set_swap(writer.png);
  const auto* rows = static_cast<png_const_bytep>(values.data);
  const std::int64_t row_bytes = values.extent.width * values.channels * values.bits / 8;
  for (std::int64_t y = 0; y < values.extent.height; ++y) png_write_row(writer.png, rows + y * row_bytes);
  png_write_end(writer.png, nullptr);
  return true;
}

bool is_grey(const RgbImage& image) {
  for (std::size_t i = 0; i < image.pixels.size(); i += 3)
    if (image.pixels[i] != image.pixels[i + 1] || image.pixels[i] != image.pixels[i + 2]) return false;
  return true;
}

}  // namespace

std::vector<std::byte> png_bytes(const std::string& name, const PngValues& values, PngAim aim) {
  Writer writer;
  std::vector<std::byte> out;
  if (writer.info == nullptr || !write_values(writer, values, aim, out))
    throw Error(ErrorKind::internal, name + ": the PNG encoder failed");
  return out;
}

void write_mask_png(const std::filesystem::path& path, const Mask& mask) {
  require_size(path.string(), mask.extent, mask.pixels.size(), 1);
  std::vector<std::uint8_t> picture(mask.pixels.size());
  std::ranges::transform(mask.pixels, picture.begin(), [](std::uint8_t inside) {
    return static_cast<std::uint8_t>(inside != 0 ? 255 : 0);
  });
  write_durably(path, png_bytes(path.string(), {mask.extent, 1, 8, picture.data()}, PngAim::quick));
}

void write_png(const std::filesystem::path& path, const RgbImage& image) {
  require_size(path.string(), image.extent, image.pixels.size(), 3);
  write_durably(path, png_bytes(path.string(), {image.extent, 3, 8, image.pixels.data()}, PngAim::quick));
}

std::vector<std::byte> encode_png(const RgbImage& image) {
  require_size("PNG", image.extent, image.pixels.size(), 3);
  if (!is_grey(image)) return png_bytes("PNG", {image.extent, 3, 8, image.pixels.data()}, PngAim::small);
  std::vector<std::uint8_t> grey;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) grey.push_back(image.pixels[i]);
  return png_bytes("PNG", {image.extent, 1, 8, grey.data()}, PngAim::small);
}

}  // namespace sonde
