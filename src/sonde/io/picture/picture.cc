// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/io/dicom/meta.h"
#include "sonde/io/formats.h"
#include "sonde/io/picture/decode.h"
#include "sonde/io/picture/header.h"

// PNG, JPEG, TIFF and BMP: sonde checks the file, then its decoder sees it in a child process.
namespace sonde {
namespace {

PictureHeader parse_by_content(const std::string& name, ByteView file, const ReadOptions& options) {
  if (starts_as_tiff(file)) return parse_tiff(name, file, options);
  const std::int64_t frame = options.frame.value_or(0);
  if (frame != 0)
    throw Error(ErrorKind::usage,
                name + ": frame " + std::to_string(frame) + " is not there: only frame 0 is");
  if (starts_as_png(file)) return parse_png(name, file, options.values);
  if (starts_as_jpeg(file)) return parse_jpeg(name, file);
  return parse_bmp(name, file);
}

// The file is not kept open: its pages would count as memory of two processes.
PictureHeader header_of(const std::filesystem::path& path, const ReadOptions& options) {
  return parse_picture(path.string(), MappedFile(path).bytes(), options);
}

Extent3 volume_extent(const PictureHeader& header) {
  const auto [width, height] = shown_extent(header);
  return {width, height, 1};
}

}  // namespace

PictureHeader parse_picture(const std::string& name, ByteView file, const ReadOptions& options) {
  PictureHeader header = parse_by_content(name, file, options);
  if (header.photometric == Photometric::rgb && header.coding.sample == SampleType::uint16)
    header.notes.emplace_back("colours of 16 bits are scaled to 8");
  if (header.orientation != 1) {
    const auto [width, height] = header.coding.extent;
    header.notes.push_back("turned as its orientation says (" + std::to_string(header.orientation) +
                           " of Exif; stored as " + std::to_string(width) + " x " + std::to_string(height) +
                           ")");
  }
  return header;
}

bool recognises_picture(ByteView head) {
  return !has_dicom_preamble(head) &&
         (starts_as_png(head) || starts_as_jpeg(head) || starts_as_tiff(head) || starts_as_bmp(head));
}

Volume read_picture(const std::filesystem::path& path, const ReadOptions& options) {
  const PictureHeader header = header_of(path, options);
  Volume picture = decode_picture(path, header);
  picture.geometry.extent = volume_extent(header);
  picture.eight_bit = header.coding.sample == SampleType::uint8;
  picture.frame = options.frame.value_or(0);
  picture.frame_count = header.frame_count;
  picture.notes = header.notes;
  return picture;
}

std::optional<ShownPicture> read_shown_picture(const std::filesystem::path& path,
                                               const ReadOptions& options) {
  const PictureHeader header = header_of(path, options);
  const bool coloured = header.photometric == Photometric::rgb;
  if (!coloured && header.coding.sample != SampleType::uint8) return std::nullopt;
  ShownPicture picture;
  picture.shape.geometry.extent = volume_extent(header);
  picture.shape.photometric = header.photometric;
  picture.shape.eight_bit = header.coding.sample == SampleType::uint8;
  picture.shape.frame = options.frame.value_or(0);
  picture.shape.frame_count = header.frame_count;
  picture.shape.notes = header.notes;
  picture.image.extent = shown_extent(header);
  std::vector<std::uint8_t> row(static_cast<std::size_t>(3 * header.coding.extent.width));
  const TurnedPixels turned = turned_pixels(header);
  decode_rows(path, header.coding, [&](std::int64_t y, ByteView samples) {
    if (y == 0) picture.image.pixels.resize(static_cast<std::size_t>(3 * pixel_count(picture.image.extent)));
    if (coloured) {
      to_eight_bits(samples, header.coding.sample, row);
    } else {
      for (std::size_t i = 0; i < samples.size(); ++i)
        std::fill_n(&row[3 * i], 3, std::to_integer<std::uint8_t>(samples[i]));
    }
    place_row<3>(turned, y, std::span<const std::uint8_t>(row), std::span(picture.image.pixels));
  });
  return picture;
}

std::int64_t picture_orientation(const std::filesystem::path& path, std::int64_t frame) {
  try {
    std::error_code failed;
    if (!std::filesystem::is_regular_file(path, failed)) return 1;
    const MappedFile file(path);
    if (!recognises_picture(file.bytes())) return 1;
    return parse_picture(path.string(), file.bytes(), {.frame = frame}).orientation;
  } catch (const Error&) {
    return 1;
  }
}

std::int64_t count_picture_frames(const std::filesystem::path& path) {
  return header_of(path, {}).frame_count;
}

FileInfo inspect_picture(const std::filesystem::path& path) {
  const PictureHeader header = header_of(path, {});
  verify_picture(path, header.coding);  // finds what reading would refuse
  ImageInfo info;
  info.stored_type = header.stored_type;
  info.geometry.extent = volume_extent(header);
  info.frame_count = header.frame_count;
  info.photometric = header.photometric;
  info.eight_bit = header.coding.sample == SampleType::uint8;
  info.notes = header.notes;
  return {.path = path, .format = header.format, .images = {info}, .refused = {}};
}

}  // namespace sonde
