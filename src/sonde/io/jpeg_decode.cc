// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <csetjmp>
#include <cstdio>
#include <jpeglib.h>
#include <new>
// which must come after it
#include <jerror.h>

#include "sonde/io/picture_codecs.h"

namespace sonde {
namespace {

struct Reader {
  jpeg_decompress_struct codec{};
  jpeg_error_mgr errors{};
  std::jmp_buf failed{};
  std::array<char, JMSG_LENGTH_MAX> fault{};
  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { jpeg_destroy_decompress(&codec); }
};

[[noreturn]] void fail(j_common_ptr codec) {
  auto& reader = *static_cast<Reader*>(codec->client_data);
  codec->err->format_message(codec, reader.fault.data());
  std::longjmp(reader.failed, 1);  // NOLINT(cert-err52-cpp): libjpeg knows no other way
}

// Warnings have level -1. libjpeg goes on after all of them, but only these leave every pixel as it was.
void weigh(j_common_ptr codec, int level) {
  if (level >= 0) return;
  switch (codec->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
      return;
    default:
      fail(codec);
  }
}

// Four inks, inverted as Adobe writes them and all viewers take them: 255 is none.
void rgb_of_inks(const JSAMPLE* inks, std::size_t count, JSAMPLE* rgb) {
  for (std::size_t pixel = 0; pixel < count; ++pixel)
    for (std::size_t colour = 0; colour < 3; ++colour)
      rgb[3 * pixel + colour] =
          static_cast<JSAMPLE>((inks[4 * pixel + colour] * inks[4 * pixel + 3] + 127) / 255);
}

// libjpeg leaves by longjmp where it fails: no object of this function may need a destructor.
bool read_rows(Reader& reader, ByteView file, const PictureHeader& header, std::span<std::byte> samples) {
  if (setjmp(reader.failed) != 0) return false;  // NOLINT(cert-err52-cpp)
  auto& codec = reader.codec;
  jpeg_create_decompress(&codec);
  jpeg_mem_src(&codec, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_read_header(&codec, TRUE);
  jpeg_start_decompress(&codec);
  const std::size_t width = codec.output_width, height = codec.output_height;
  const bool has_inks = codec.out_color_space == JCS_CMYK;
  const std::size_t row_bytes = width * static_cast<std::size_t>(has_inks ? 3 : codec.output_components);
  if (codec.output_width != header.extent.width || height * row_bytes != samples.size()) {
    std::snprintf(reader.fault.data(), reader.fault.size(), "%s", kAnotherPicture);
    return false;
  }
  JSAMPARRAY inks = codec.mem->alloc_sarray(reinterpret_cast<j_common_ptr>(&codec), JPOOL_IMAGE,
                                            static_cast<JDIMENSION>(4 * width), 1);
  auto* row = reinterpret_cast<JSAMPLE*>(samples.data());
  for (std::size_t y = 0; y < height; ++y, row += row_bytes) {
    jpeg_read_scanlines(&codec, has_inks ? inks : &row, 1);
    if (has_inks) rgb_of_inks(*inks, width, row);
  }
  jpeg_finish_decompress(&codec);
  return true;
}

}  // namespace

void decode_jpeg(const std::string& name, ByteView file, const PictureHeader& header,
                 std::span<std::byte> samples) {
  Reader reader;
  reader.codec.err = jpeg_std_error(&reader.errors);
  reader.codec.client_data = &reader;
  reader.errors.error_exit = fail;
  reader.errors.emit_message = weigh;
  if (read_rows(reader, file, header, samples)) return;
  if (reader.errors.msg_code == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
  refuse_undecodable(name, reader.fault.data());
}

}  // namespace sonde
