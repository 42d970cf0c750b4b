// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/io/formats.h"
#include "sonde/io/picture_decode.h"
#include "sonde/io/picture_header.h"

// PNG, JPEG, TIFF and BMP: sonde checks the file, then its decoder sees it in a child process.
namespace sonde {
namespace {

PictureHeader parse_by_content(const std::string& name, ByteView file, std::int64_t page) {
  if (starts_as_tiff(file)) return parse_tiff(name, file, page);
  if (page != 0)
    throw Error(ErrorKind::usage,
                name + ": frame " + std::to_string(page) + " is not there: only frame 0 is");
  if (starts_as_png(file)) return parse_png(name, file);
  if (starts_as_jpeg(file)) return parse_jpeg(name, file);
  return parse_bmp(name, file);
}

}  // namespace

PictureHeader parse_picture(const std::string& name, ByteView file, std::int64_t page) {
  PictureHeader header = parse_by_content(name, file, page);
  if (header.photometric == Photometric::rgb && header.sample == SampleType::uint16)
    header.notes.emplace_back("colours of 16 bits are scaled to 8");
  return header;
}

bool recognises_picture(ByteView head, const std::filesystem::path& /*path*/) {
  return starts_as_png(head) || starts_as_jpeg(head) || starts_as_tiff(head) || starts_as_bmp(head);
}

Volume read_picture(const std::filesystem::path& path, const ReadOptions& options) {
  const std::string name = path.string();
  const std::int64_t page = options.frame.value_or(0);
  const MappedFile file(path);
  const PictureHeader header = parse_picture(name, file.bytes(), page);
  Volume picture = decode_picture(name, file.bytes(), header);
  picture.extent = {header.extent.width, header.extent.height, 1};
  picture.eight_bit = header.sample == SampleType::uint8;
  picture.frame = page;
  picture.frame_count = header.frame_count;
  picture.notes = header.notes;
  return picture;
}

std::int64_t count_picture_frames(const std::filesystem::path& path) {
  const std::string name = path.string();
  const MappedFile file(path);
  return parse_picture(name, file.bytes(), 0).frame_count;
}

FileInfo inspect_picture(const std::filesystem::path& path) {
  const std::string name = path.string();
  const MappedFile file(path);
  const PictureHeader header = parse_picture(name, file.bytes(), 0);
  decode_picture(name, file.bytes(), header);  // finds what reading would refuse
  ImageInfo info;
  info.stored_type = header.stored_type;
  info.extent = {header.extent.width, header.extent.height, 1};
  info.frame_count = header.frame_count;
  info.photometric = header.photometric;
  info.eight_bit = header.sample == SampleType::uint8;
  info.notes = header.notes;
  return {.path = path, .format = header.format, .images = {info}, .refused = {}};
}

}  // namespace sonde
