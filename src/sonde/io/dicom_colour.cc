// SPDX-License-Identifier: Apache-2.0
// From samples to intensities or colours.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "sonde/io/dicom_gdcm.h"
#include "sonde/io/dicom_syntax.h"

namespace sonde::dicom {
namespace {

// The stored bits of a sample, unused ones cut off and the sign carried on.
class StoredBits {
 public:
  explicit StoredBits(const Samples& samples)
      : shift_(samples.high_bit + 1 - samples.bits_stored),
        bits_(samples.bits_stored),
        mask_((std::uint64_t{1} << samples.bits_stored) - 1),
        is_signed_(samples.is_signed) {}
  std::int64_t operator()(std::uint32_t sample) const {
    const auto value = static_cast<std::int64_t>(sample >> shift_ & mask_);
    const bool negative = is_signed_ && (value >> (bits_ - 1) & 1) == 1;
    return negative ? value - (std::int64_t{1} << bits_) : value;
  }

 private:
  int shift_, bits_;
  std::uint64_t mask_;
  bool is_signed_;
};

template <typename Visit>
void for_each_sample(const Samples& samples, const Visit& visit) {
  const auto size = static_cast<std::size_t>(samples.bits_allocated / 8);
  for (std::size_t at = 0; at + size <= samples.bytes.size(); at += size) {
    std::uint32_t value = 0;
    std::memcpy(&value, &samples.bytes[at], size);  // the machine is little-endian, as the samples are
    visit(value);
  }
}

void append_grey(const Samples& samples, const DicomFrame& frame, std::vector<std::byte>& out) {
  const StoredBits stored(samples);
  const auto before = out.size();
  out.resize(before +
             samples.bytes.size() / static_cast<std::size_t>(samples.bits_allocated / 8) * sizeof(float));
  auto* to = out.data() + before;
  for_each_sample(samples, [&](std::uint32_t sample) {
    const auto value =
        static_cast<float>(frame.slope * static_cast<double>(stored(sample)) + frame.intercept);
    std::memcpy(to, &value, sizeof(float));
    to += sizeof(float);
  });
}

std::byte to_byte(double value) { return static_cast<std::byte>(std::clamp(std::lround(value), 0L, 255L)); }

// PS3.3, C.7.6.3.1.2.
void append_from_luminance(double y, double blue, double red, std::vector<std::byte>& out) {
  blue -= 128;
  red -= 128;
  out.push_back(to_byte(y + 1.402 * red));
  out.push_back(to_byte(y - 0.344136 * blue - 0.714136 * red));
  out.push_back(to_byte(y + 1.772 * blue));
}

void append_colour(const Samples& samples, const DicomHeader& header, std::vector<std::byte>& out) {
  std::vector<std::byte> bytes;
  bytes.reserve(samples.bytes.size());
  const int drop = std::max(0, samples.bits_stored - 8);
  const auto shift = samples.high_bit + 1 - samples.bits_stored;
  const auto mask = (std::uint64_t{1} << samples.bits_stored) - 1;
  for_each_sample(samples, [&](std::uint32_t sample) {
    bytes.push_back(static_cast<std::byte>((sample >> shift & mask) >> drop));
  });
  if (!is_luminance_chrominance(header.photometric) || samples.is_rgb) {
    out.insert(out.end(), bytes.begin(), bytes.end());
    return;
  }
  const auto value = [&](std::size_t at) { return static_cast<double>(std::to_integer<int>(bytes[at])); };
  for (std::size_t at = 0; at + 3 <= bytes.size(); at += 3)
    append_from_luminance(value(at), value(at + 1), value(at + 2), out);
}

// One colour of a palette: what each stored value from `first` on becomes (PS3.3, C.7.6.3.1.5).
struct Palette {
  std::int64_t first = 0;
  std::vector<std::uint8_t> values;
  std::byte at(std::int64_t stored) const {
    const auto last = static_cast<std::int64_t>(values.size()) - 1;
    return static_cast<std::byte>(
        values[static_cast<std::size_t>(std::clamp<std::int64_t>(stored - first, 0, last))]);
  }
};

Palette palette_from(const std::filesystem::path& path, const File& file, const DicomHeader& header,
                     std::uint16_t colour) {
  const auto& data = file.data_set();
  const auto descriptor = shorts(data, Tag(0x0028, static_cast<std::uint16_t>(0x1101 + colour)));
  const Tag entries(0x0028, static_cast<std::uint16_t>(0x1201 + colour));
  if (!has(data, entries) && has(data, Tag(0x0028, static_cast<std::uint16_t>(0x1221 + colour))))
    throw Error(ErrorKind::unsupported, path.string() + ": segmented palettes are not read");
  const auto bytes = raw(data, entries);
  if (descriptor.size() < 3 || bytes.empty())
    throw Error(ErrorKind::corrupt_data, path.string() + ": its palette is missing");
  const std::size_t count = descriptor[0] == 0 ? 65536 : descriptor[0];
  Palette palette;
  palette.first = header.is_signed == 1 ? static_cast<std::int16_t>(descriptor[1]) : descriptor[1];
  const bool wide =
      bytes.size() >= 2 * count;  // some files declare 16 bits and hold 8, or the other way round
  if (!wide && bytes.size() < count)
    throw Error(ErrorKind::corrupt_data, path.string() + ": its palette is cut");
  int highest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (wide) highest = std::max(highest, std::to_integer<int>(bytes[2 * i + 1]));
  }
  for (std::size_t i = 0; i < count; ++i) {
    // 16-bit entries show their high byte; where that is never set the low one is meant.
    const auto value = !wide ? bytes[i] : highest == 0 ? bytes[2 * i] : bytes[2 * i + 1];
    palette.values.push_back(std::to_integer<std::uint8_t>(value));
  }
  return palette;
}

void append_palette(const Samples& samples, const std::array<Palette, 3>& palettes,
                    std::vector<std::byte>& out) {
  const StoredBits stored(samples);
  for_each_sample(samples, [&](std::uint32_t sample) {
    for (const auto& palette : palettes) out.push_back(palette.at(stored(sample)));
  });
}

}  // namespace

void append_frame(const std::filesystem::path& path, const File& file, const DicomHeader& header,
                  std::int64_t frame, std::vector<std::byte>& out) {
  const auto samples = file.is_encapsulated() ? decompressed_samples(path, file, header, frame)
                                              : native_samples(file, header, frame);
  if (header.photometric == "PALETTE COLOR") {
    append_palette(samples,
                   {palette_from(path, file, header, 0), palette_from(path, file, header, 1),
                    palette_from(path, file, header, 2)},
                   out);
  } else if (header.samples == 3) {
    append_colour(samples, header, out);
  } else {
    append_grey(samples, header.frames[static_cast<std::size_t>(frame)], out);
  }
}

}  // namespace sonde::dicom
