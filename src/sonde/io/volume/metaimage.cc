// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sonde/io/formats.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/metaimage_header.h"
#include "sonde/io/volume/stored_image.h"
#include "sonde/io/volume/text_header.h"

// MetaImage, .mha and .mhd: itk.org/Wiki/MetaIO/Documentation describes it; where it is silent, ITK's reader
// decides.
namespace sonde {
namespace {

PackedStream decoded_text(const std::string& name, ByteView data, const MetaImageHeader& header) {
  const auto samples = checked_bytes(name, header.image) / byte_size(header.image.type);
  auto bytes = samples_from_text({reinterpret_cast<const char*>(data.data()), data.size()}, header.image.type,
                                 samples);
  if (!bytes) refuse_corrupt(name, "its text data holds something that is not a number of its type");
  return {name, std::move(*bytes)};
}

PackedStream open_samples(const std::string& name, MappedFile file, std::size_t offset,
                          const MetaImageHeader& header) {
  const std::size_t size = file.bytes().size();
  const auto needed = static_cast<std::size_t>(checked_bytes(name, header.image));
  if (header.header_size < 0) offset = size - std::min(needed, size - offset);
  if (header.header_size > 0) {
    if (header.header_size > static_cast<std::int64_t>(size))
      refuse_corrupt(name, "cut: HeaderSize is more than its " + std::to_string(size) + " bytes");
    offset = static_cast<std::size_t>(header.header_size);
  }
  if (header.encoding == MetaImageHeader::Encoding::text)
    return decoded_text(name, file.bytes().subspan(offset), header);
  if (header.encoding == MetaImageHeader::Encoding::binary)
    return {name, std::move(file), {offset, SIZE_MAX}, Packing::plain};
  const auto there = static_cast<std::int64_t>(size - offset);
  const std::int64_t packed = header.compressed_size.value_or(there);
  if (packed > there) {
    refuse_corrupt(name, "cut: CompressedDataSize is " + std::to_string(packed) + ", the file holds " +
                             std::to_string(there) + " bytes of data");
  }
  return {name, std::move(file), {offset, static_cast<std::size_t>(packed)}, Packing::deflate};
}

OpenedImage open_metaimage(const std::filesystem::path& path) {
  return open_image(path, parse_metaimage_header, open_samples);
}

}  // namespace

Volume read_metaimage(const std::filesystem::path& path, const ReadOptions& options) {
  return read_opened(open_metaimage(path), options);
}

FileInfo inspect_metaimage(const std::filesystem::path& path) {
  return inspect_opened(open_metaimage(path), path);
}

std::int64_t count_metaimage_frames(const std::filesystem::path& path) {
  return frames_announced(open_metaimage(path));
}

}  // namespace sonde
