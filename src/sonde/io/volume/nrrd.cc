// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sonde/io/formats.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/nrrd_header.h"
#include "sonde/io/volume/stored_image.h"
#include "sonde/io/volume/text_header.h"

// NRRD 1 to 5: teem.sourceforge.net/nrrd/format.html is the standard.
namespace sonde {
namespace {

std::size_t offset_after_lines(const std::string& name, ByteView file, std::size_t offset,
                               std::int64_t lines) {
  for (std::int64_t line = 0; line < lines; ++line) {
    const auto end = std::ranges::find(file.subspan(offset), std::byte{'\n'});
    if (end == file.subspan(offset).end())
      refuse_corrupt(name, "its line skip of " + std::to_string(lines) + " runs past the end of its data");
    offset = static_cast<std::size_t>(end - file.begin()) + 1;
  }
  return offset;
}

// Text and hexadecimal digits are taken to the bytes they stand for.
PackedStream decoded_text(const std::string& name, std::string_view text, const NrrdHeader& header) {
  const auto samples = checked_bytes(name, header.image) / byte_size(header.image.type);
  auto bytes = header.encoding == NrrdHeader::Encoding::hex
                   ? bytes_from_hex(text)
                   : samples_from_text(text, header.image.type, samples);
  if (!bytes) refuse_corrupt(name, "its text data holds something that is not a number of its type");
  return {name, std::move(*bytes)};
}

PackedStream open_samples(const std::string& name, MappedFile file, std::size_t offset,
                          const NrrdHeader& header) {
  offset = offset_after_lines(name, file.bytes(), offset, header.line_skip);
  if (header.byte_skip < 0) {
    const auto needed = static_cast<std::size_t>(checked_bytes(name, header.image));
    const std::size_t there = file.bytes().size();
    return {name, std::move(file), {there - std::min(needed, there - offset), SIZE_MAX}, Packing::plain};
  }
  const auto skip = static_cast<std::uint64_t>(header.byte_skip);
  const bool text =
      header.encoding == NrrdHeader::Encoding::text || header.encoding == NrrdHeader::Encoding::hex;
  if (text) {
    const ByteView rest = file.bytes().subspan(std::min<std::uint64_t>(file.bytes().size(), offset + skip));
    return decoded_text(name, {reinterpret_cast<const char*>(rest.data()), rest.size()}, header);
  }
  const bool packed = header.encoding == NrrdHeader::Encoding::gzip;
  PackedStream samples(name, std::move(file), {offset, SIZE_MAX}, packed ? Packing::gzip : Packing::plain);
  if (samples.skip(skip) < skip) refuse_corrupt(name, "its byte skip runs past the end of its data");
  return samples;
}

OpenedImage open_nrrd(const std::filesystem::path& path) {
  return open_image(path, parse_nrrd_header, open_samples);
}

}  // namespace

std::vector<SegmentInfo> read_nrrd_segments(const std::filesystem::path& path) {
  return parse_nrrd_header(path.string(), MappedFile(path).bytes()).image.segments;
}

Volume read_nrrd(const std::filesystem::path& path, const ReadOptions& options) {
  return read_opened(open_nrrd(path), options);
}

FileInfo inspect_nrrd(const std::filesystem::path& path) { return inspect_opened(open_nrrd(path), path); }

std::int64_t count_nrrd_frames(const std::filesystem::path& path) {
  return frames_announced(open_nrrd(path));
}

}  // namespace sonde
