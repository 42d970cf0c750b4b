// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <csetjmp>
#include <cstdio>
#include <jpeglib.h>
#include <new>
// which must come after it
#include <jerror.h>

#include "sonde/io/picture/codecs.h"

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
bool read_rows(Reader& reader, ByteView file, const PictureCoding& coding, const ByteSink& give) {
  if (setjmp(reader.failed) != 0) return false;  // NOLINT(cert-err52-cpp)
  auto& codec = reader.codec;
  jpeg_create_decompress(&codec);
  jpeg_mem_src(&codec, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_read_header(&codec, TRUE);
  jpeg_start_decompress(&codec);
  const std::size_t width = codec.output_width, height = codec.output_height;
  const bool has_inks = codec.out_color_space == JCS_CMYK;
  const std::size_t bytes = width * static_cast<std::size_t>(has_inks ? 3 : codec.output_components);
  if (codec.output_width != coding.extent.width || codec.output_height != coding.extent.height ||
      bytes != row_bytes(coding)) {
    std::snprintf(reader.fault.data(), reader.fault.size(), "%s", kAnotherPicture);
    return false;
  }
  auto* const memory = codec.mem;
  const auto row_of = [&](std::size_t values) {
    return memory->alloc_sarray(reinterpret_cast<j_common_ptr>(&codec), JPOOL_IMAGE,
                                static_cast<JDIMENSION>(values), 1);
  };
  JSAMPARRAY decoded = row_of(width * static_cast<std::size_t>(codec.output_components));
  JSAMPARRAY shown = has_inks ? row_of(bytes) : decoded;
  for (std::size_t y = 0; y < height; ++y) {
    jpeg_read_scanlines(&codec, decoded, 1);
    if (has_inks) rgb_of_inks(*decoded, width, *shown);
    give(std::as_bytes(std::span(*shown, bytes)));
  }
  jpeg_finish_decompress(&codec);
  return true;
}

}  // namespace

void decode_jpeg(const std::string& name, ByteView file, const PictureCoding& coding, const ByteSink& give) {
  Reader reader;
  reader.codec.err = jpeg_std_error(&reader.errors);
  reader.codec.client_data = &reader;
  reader.errors.error_exit = fail;
  reader.errors.emit_message = weigh;
  if (read_rows(reader, file, coding, give)) return;
  if (reader.errors.msg_code == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
  refuse_undecodable(name, reader.fault.data());
}

}  // namespace sonde
