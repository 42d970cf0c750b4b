// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/codestream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "sonde/core/error.h"
#include "sonde/io/dicom/syntax.h"

namespace sonde {
namespace {

std::int64_t big_endian(ByteView bytes, std::size_t at, std::size_t size) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | std::to_integer<std::int64_t>(bytes[at + i]);
  return value;
}

// ITU-T T.81, B.2: markers FFxx with lengths up to the start of frame. JPEG-LS (T.87) has its own, F7.
std::optional<Codestream> parse_jpeg(ByteView bytes) {
  Codestream stream;
  std::size_t at = 2;
  while (at + 4 <= bytes.size()) {
    if (bytes[at] != std::byte{0xff}) return std::nullopt;
    const auto marker = std::to_integer<int>(bytes[at + 1]);
    if (marker == 0xff) {
      ++at;
      continue;
    }
    const auto length = static_cast<std::size_t>(big_endian(bytes, at + 2, 2));
    if (length < 2 || length > bytes.size() - at - 2) return std::nullopt;
    const auto segment = bytes.subspan(at + 4, length - 2);
    if (marker == 0xee && segment.size() >= 12 && std::memcmp(segment.data(), "Adobe", 5) == 0)
      stream.is_rgb = segment[11] == std::byte{0};
    const bool is_frame =
        (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) ||
        marker == 0xf7;
    if (is_frame && segment.size() >= 6) {
      stream.precision = static_cast<std::int32_t>(big_endian(segment, 0, 1));
      stream.height = big_endian(segment, 1, 2);
      stream.width = big_endian(segment, 3, 2);
      stream.components = static_cast<std::int32_t>(big_endian(segment, 5, 1));
      if (segment.size() >= 15 && stream.components == 3 && segment[6] == std::byte{'R'} &&
          segment[9] == std::byte{'G'} && segment[12] == std::byte{'B'})
        stream.is_rgb = true;
      return stream;
    }
    at += 2 + length;
  }
  return std::nullopt;
}

// ITU-T T.800, A.5.1: the SIZ segment follows the start of the codestream.
std::optional<Codestream> parse_jpeg_2000(ByteView bytes) {
  constexpr std::array<std::byte, 4> kStart{std::byte{0xff}, std::byte{0x4f}, std::byte{0xff},
                                            std::byte{0x51}};
  // A JP2 file's boxes may come first. Not std::ranges::search, which clang 14 cannot compile.
  const auto start = std::search(bytes.begin(), bytes.end(), kStart.begin(), kStart.end());
  const auto at = static_cast<std::size_t>(start - bytes.begin());
  if (bytes.size() - at < 43) return std::nullopt;
  const auto siz = bytes.subspan(at + 4);
  Codestream stream;
  stream.width = big_endian(siz, 4, 4) - big_endian(siz, 12, 4);
  stream.height = big_endian(siz, 8, 4) - big_endian(siz, 16, 4);
  stream.components = static_cast<std::int32_t>(big_endian(siz, 36, 2));
  const auto depth = big_endian(siz, 38, 1);
  stream.precision = static_cast<std::int32_t>(depth & 0x7f) + 1;
  return stream;
}

}  // namespace

std::optional<Codestream> parse_codestream(ByteView bytes) {
  if (bytes.size() >= 4 && bytes[0] == std::byte{0xff} && bytes[1] == std::byte{0xd8})
    return parse_jpeg(bytes);
  return parse_jpeg_2000(bytes);
}

void check_codestream(const std::filesystem::path& path, ByteView bytes, const DicomHeader& header) {
  const auto codec = codec_of(header.transfer_syntax);
  if (codec == DicomCodec::rle) return;
  const auto name = std::string(codec_name(codec));
  const auto stream = parse_codestream(bytes);
  if (!stream)
    throw Error(ErrorKind::corrupt_data, path.string() + ": the pixel data are not a " + name + " picture");
  if (stream->width != header.columns || stream->height != header.rows ||
      stream->components != header.samples)
    throw Error(ErrorKind::corrupt_data,
                path.string() + ": the " + name + " picture is " + std::to_string(stream->width) + " x " +
                    std::to_string(stream->height) + " x " + std::to_string(stream->components) +
                    ", the header says " + std::to_string(header.columns) + " x " +
                    std::to_string(header.rows) + " x " + std::to_string(header.samples));
  if (stream->precision > header.bits_allocated)
    throw Error(ErrorKind::corrupt_data,
                path.string() + ": the " + name + " picture has " + std::to_string(stream->precision) +
                    " bits a sample, the header allows " + std::to_string(header.bits_allocated));
}

}  // namespace sonde
