// SPDX-License-Identifier: Apache-2.0
// From the pixel element's bytes to samples.
#include <algorithm>
#include <cstring>

#include <gdcmBitmap.h>
#include <gdcmSequenceOfFragments.h>

#include "sonde/io/dicom/codestream.h"
#include "sonde/io/dicom/gdcm.h"
#include "sonde/io/dicom/rle.h"
#include "sonde/io/dicom/syntax.h"

namespace sonde::dicom {
namespace {

std::uint32_t little_endian(ByteView bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
  return value;
}

// The items of an encapsulated pixel element: a table of offsets, then fragments (PS3.5, A.4).
struct Fragments {
  ByteView offsets;
  std::vector<ByteView> data;
  std::vector<std::size_t> starts;  // of each item, from the first byte behind the table
};

Fragments split_fragments(const std::filesystem::path& path, ByteView element) {
  constexpr std::uint32_t kItem = 0xe000fffe;
  constexpr std::size_t kHead = 8;
  Fragments fragments;
  std::size_t at = 0;
  std::size_t behind_table = 0;
  while (element.size() - at >= kHead && little_endian(element, at) == kItem) {
    const std::size_t length = little_endian(element, at + 4);
    const bool is_table = at == 0;
    if (length > element.size() - at - kHead)
      throw Error(ErrorKind::corrupt_data, path.string() + ": the pixel data are cut in a fragment");
    const auto value = element.subspan(at + kHead, length);
    if (is_table) {
      fragments.offsets = value;
      behind_table = kHead + length;
    } else {
      fragments.data.push_back(value);
      fragments.starts.push_back(at - behind_table);
    }
    at += kHead + length;
  }
  if (fragments.data.empty())
    throw Error(ErrorKind::corrupt_data, path.string() + ": the pixel data hold no fragment");
  return fragments;
}

bool starts_a_picture(ByteView fragment) {
  if (fragment.size() < 3 || fragment[0] != std::byte{0xff}) return false;
  const bool jpeg = fragment[1] == std::byte{0xd8} && fragment[2] == std::byte{0xff};
  const bool jpeg_2000 = fragment[1] == std::byte{0x4f} && fragment[2] == std::byte{0xff};
  return jpeg || jpeg_2000;
}

// The first fragment of each frame. Empty where it cannot be told.
std::vector<std::size_t> frame_starts(const Fragments& fragments, std::size_t frames) {
  std::vector<std::size_t> starts;
  if (frames == 1) return {0};
  if (fragments.data.size() == frames) {
    for (std::size_t f = 0; f < frames; ++f) starts.push_back(f);
    return starts;
  }
  if (fragments.offsets.size() == 4 * frames) {
    for (std::size_t f = 0; f < frames; ++f) {
      const auto found = std::ranges::lower_bound(fragments.starts, little_endian(fragments.offsets, 4 * f));
      if (found == fragments.starts.end()) return {};
      starts.push_back(static_cast<std::size_t>(found - fragments.starts.begin()));
    }
    return std::ranges::is_sorted(starts) ? starts : std::vector<std::size_t>();
  }
  for (std::size_t i = 0; i < fragments.data.size(); ++i)
    if (starts_a_picture(fragments.data[i])) starts.push_back(i);
  return starts.size() == frames ? starts : std::vector<std::size_t>();
}

gdcm::PixelFormat pixel_format(const DicomHeader& header) {
  gdcm::PixelFormat format(
      static_cast<unsigned short>(header.samples), static_cast<unsigned short>(header.bits_allocated),
      static_cast<unsigned short>(header.bits_stored), static_cast<unsigned short>(header.high_bit),
      static_cast<unsigned short>(header.is_signed));
  return format;
}

std::optional<std::vector<std::byte>> decode_with_gdcm(const DicomHeader& header,
                                                       const std::vector<std::byte>& frame) {
  gdcm::Bitmap bitmap;
  bitmap.SetTransferSyntax(gdcm::TransferSyntax::GetTSType(header.transfer_syntax.c_str()));
  bitmap.SetNumberOfDimensions(2);
  bitmap.SetDimension(0, static_cast<unsigned int>(header.columns));
  bitmap.SetDimension(1, static_cast<unsigned int>(header.rows));
  bitmap.SetPixelFormat(pixel_format(header));
  bitmap.SetPhotometricInterpretation(gdcm::PhotometricInterpretation::GetPIType(header.photometric.c_str()));
  gdcm::Fragment fragment;
  fragment.SetByteValue(reinterpret_cast<const char*>(frame.data()),
                        static_cast<std::uint32_t>(frame.size()));
  const gdcm::SmartPointer<gdcm::SequenceOfFragments> fragments = new gdcm::SequenceOfFragments;
  fragments->AddFragment(fragment);
  gdcm::DataElement element(Tag(0x7fe0, 0x0010));
  element.SetVR(gdcm::VR::OB);
  element.SetValue(*fragments);
  bitmap.SetDataElement(element);
  std::vector<std::byte> bytes(bitmap.GetBufferLength());
  const auto expected =
      static_cast<std::size_t>(header.rows * header.columns * header.samples * (header.bits_allocated / 8));
  if (bytes.size() != expected || !bitmap.GetBuffer(reinterpret_cast<char*>(bytes.data())))
    return std::nullopt;
  return bytes;
}

void swap_bytes(std::vector<std::byte>& bytes, std::size_t width) {
  for (std::size_t at = 0; at + width <= bytes.size(); at += width)
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + width));
}

void planes_to_pixels(std::vector<std::byte>& bytes, std::int64_t pixels, std::size_t sample_size) {
  std::vector<std::byte> out(bytes.size());
  const auto count = static_cast<std::size_t>(pixels);
  for (std::size_t plane = 0; plane < 3; ++plane)
    for (std::size_t i = 0; i < count; ++i)
      std::memcpy(&out[(i * 3 + plane) * sample_size], &bytes[(plane * count + i) * sample_size],
                  sample_size);
  bytes = std::move(out);
}

// Cb Y Y Cr order is Y Y Cb Cr for two pixels (PS3.3, C.7.6.3.1.2); chrominances are repeated.
void spread_chrominance(std::vector<std::byte>& bytes) {
  std::vector<std::byte> out;
  out.reserve(bytes.size() / 2 * 3);
  for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4)
    for (const std::size_t pixel : {at, at + 1})
      out.insert(out.end(), {bytes[pixel], bytes[at + 2], bytes[at + 3]});
  bytes = std::move(out);
}

}  // namespace

std::vector<std::byte> compressed_frame(const std::filesystem::path& path, const File& file,
                                        const DicomHeader& header, std::int64_t frame) {
  const auto fragments = split_fragments(path, file.pixels());
  const auto starts = frame_starts(fragments, header.frames.size());
  if (starts.empty())
    throw Error(ErrorKind::corrupt_data, path.string() + ": " + std::to_string(fragments.data.size()) +
                                             " fragments of pixel data cannot be told apart into " +
                                             std::to_string(header.frames.size()) + " frames");
  const auto index = static_cast<std::size_t>(frame);
  const auto end = index + 1 < starts.size() ? starts[index + 1] : fragments.data.size();
  std::vector<std::byte> joined;
  for (std::size_t i = starts[index]; i < end; ++i)
    joined.insert(joined.end(), fragments.data[i].begin(), fragments.data[i].end());
  return joined;
}

Samples native_samples(const File& file, const DicomHeader& header, std::int64_t frame) {
  Samples samples{.bits_allocated = header.bits_allocated,
                  .bits_stored = header.bits_stored,
                  .high_bit = header.high_bit,
                  .is_signed = header.is_signed == 1};
  const auto bits = native_frame_bits(header);
  const auto pixels = file.pixels();
  if (header.bits_allocated == 1) {  // packed, the lowest bit first, frames without padding between them
    for (std::int64_t i = frame * bits; i < (frame + 1) * bits; ++i) {
      const auto byte = std::to_integer<int>(pixels[static_cast<std::size_t>(i / 8)]);
      samples.bytes.push_back(static_cast<std::byte>(byte >> (i % 8) & 1));
    }
    samples.bits_allocated = 8;
    return samples;
  }
  const auto size = static_cast<std::size_t>(bits / 8);
  const auto at = static_cast<std::size_t>(frame) * size;
  const auto sample_size = static_cast<std::size_t>(header.bits_allocated / 8);
  const auto begin = pixels.begin() + static_cast<std::ptrdiff_t>(at);
  samples.bytes.assign(begin, begin + static_cast<std::ptrdiff_t>(size));
  if (file.is_big_endian() && sample_size > 1) swap_bytes(samples.bytes, sample_size);
  if (file.is_big_endian() && sample_size == 1 && !file.pixels_are_bytes()) {
    // Words hold two samples, the first in the low byte; a frame may begin in the middle of a word.
    for (std::size_t i = 0; i < size; ++i) {
      const auto swapped = (at + i) ^ 1;
      if (swapped < pixels.size()) samples.bytes[i] = pixels[swapped];
    }
  }
  if (header.photometric == "YBR_FULL_422") {
    spread_chrominance(samples.bytes);
  } else if (header.samples == 3 && header.planar == 1) {
    planes_to_pixels(samples.bytes, header.rows * header.columns, sample_size);
  }
  return samples;
}

Samples decompressed_samples(const std::filesystem::path& path, const File& file, const DicomHeader& header,
                             std::int64_t frame) {
  const auto compressed = compressed_frame(path, file, header, frame);
  check_codestream(path, compressed, header);
  const auto stream = parse_codestream(compressed);
  auto bytes = codec_of(header.transfer_syntax) == DicomCodec::rle
                   ? decode_dicom_rle(compressed, static_cast<std::size_t>(header.rows * header.columns),
                                      static_cast<std::size_t>(header.samples),
                                      static_cast<std::size_t>(header.bits_allocated / 8))
                   : decode_with_gdcm(header, compressed);
  if (!bytes)
    throw Error(ErrorKind::corrupt_data, path.string() + ": the " +
                                             std::string(codec_name(codec_of(header.transfer_syntax))) +
                                             " picture cannot be decoded");
  return {.bytes = std::move(*bytes),
          .bits_allocated = header.bits_allocated,
          .bits_stored = header.bits_stored,
          .high_bit = header.high_bit,
          .is_signed = header.is_signed == 1,
          .is_rgb = stream && stream->is_rgb};
}

}  // namespace sonde::dicom
