// SPDX-License-Identifier: Apache-2.0
// From samples to intensities or colours.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "sonde/io/dicom/gdcm.h"
#include "sonde/io/dicom/syntax.h"

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

// value_of: what a stored value becomes.
template <typename ValueOf>
void append_grey(const Samples& samples, const ValueOf& value_of, std::vector<std::byte>& out) {
  const StoredBits stored(samples);
  const auto before = out.size();
  out.resize(before +
             samples.bytes.size() / static_cast<std::size_t>(samples.bits_allocated / 8) * sizeof(float));
  auto* to = out.data() + before;
  for_each_sample(samples, [&](std::uint32_t sample) {
    const auto value = static_cast<float>(value_of(stored(sample)));
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

// A lookup table as it is stored (PS3.3, C.7.6.3.1.5 and C.11.1.1.1): its descriptor and its entries.
struct Table {
  std::int64_t first = 0;
  std::size_t count = 0;
  std::vector<std::byte> bytes;
  bool is_wide = false;  // two bytes an entry; some files declare 16 bits and hold 8, or the other way round
  unsigned low(std::size_t i) const { return std::to_integer<unsigned>(bytes[is_wide ? 2 * i : i]); }
  unsigned high(std::size_t i) const { return is_wide ? std::to_integer<unsigned>(bytes[2 * i + 1]) : 0; }
};
struct TableTags {
  Tag descriptor, entries;
  const char* name;
};

Table table_from(const std::filesystem::path& path, const DataSet& data, const TableTags& tags,
                 bool is_signed) {
  const auto descriptor = shorts(data, tags.descriptor);
  Table table{.bytes = raw(data, tags.entries)};
  const auto fail = [&](const char* fault) {
    throw Error(ErrorKind::corrupt_data, path.string() + ": its " + tags.name + fault);
  };
  if (descriptor.size() < 3 || table.bytes.empty()) fail(" is missing");
  table.count = descriptor[0] == 0 ? 65536 : descriptor[0];
  table.first = is_signed ? static_cast<std::int16_t>(descriptor[1]) : descriptor[1];
  table.is_wide = table.bytes.size() >= 2 * table.count;
  if (!table.is_wide && table.bytes.size() < table.count) fail(" is cut");
  return table;
}

std::size_t entry_of(std::int64_t stored, std::int64_t first, std::size_t count) {
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(stored - first, 0, static_cast<std::int64_t>(count) - 1));
}

// One colour of a palette: what each stored value from `first` on becomes.
struct Palette {
  std::int64_t first = 0;
  std::vector<std::uint8_t> values;
  std::byte at(std::int64_t stored) const {
    return static_cast<std::byte>(values[entry_of(stored, first, values.size())]);
  }
};

Palette palette_from(const std::filesystem::path& path, const File& file, const DicomHeader& header,
                     std::uint16_t colour) {
  const auto& data = file.data_set();
  const Tag entries(0x0028, static_cast<std::uint16_t>(0x1201 + colour));
  if (!has(data, entries) && has(data, Tag(0x0028, static_cast<std::uint16_t>(0x1221 + colour))))
    throw Error(ErrorKind::unsupported, path.string() + ": segmented palettes are not read");
  const Tag descriptor(0x0028, static_cast<std::uint16_t>(0x1101 + colour));
  const Table table = table_from(path, data, {descriptor, entries, "palette"}, header.is_signed == 1);
  unsigned highest = 0;
  for (std::size_t i = 0; i < table.count; ++i) highest = std::max(highest, table.high(i));
  Palette palette{.first = table.first, .values = {}};
  for (std::size_t i = 0; i < table.count; ++i) {
    // 16-bit entries show their high byte; where that is never set the low one is meant.
    palette.values.push_back(static_cast<std::uint8_t>(highest == 0 ? table.low(i) : table.high(i)));
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

double ModalityTable::at(std::int64_t stored) const { return values[entry_of(stored, first, values.size())]; }

std::optional<ModalityTable> modality_table(const std::filesystem::path& path, const DataSet& data,
                                            bool is_signed) {
  const auto items = sequence(data, Tag(0x0028, 0x3000));
  if (items == nullptr || items->GetNumberOfItems() == 0) return std::nullopt;
  const auto& item = items->GetItem(1).GetNestedDataSet();
  const Table stored =
      table_from(path, item, {Tag(0x0028, 0x3002), Tag(0x0028, 0x3006), "modality lookup table"}, is_signed);
  ModalityTable table{.first = stored.first, .values = {}};
  for (std::size_t i = 0; i < stored.count; ++i)
    table.values.push_back(static_cast<std::uint16_t>(stored.high(i) << 8 | stored.low(i)));
  return table;
}

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
    const DicomFrame& of_frame = header.frames[static_cast<std::size_t>(frame)];
    const auto rescaled = [&](std::int64_t v) {
      return of_frame.slope * static_cast<double>(v) + of_frame.intercept;
    };
    const auto table = modality_table(path, file.data_set(), header.is_signed == 1);
    if (table) {
      append_grey(
          samples, [&](std::int64_t v) { return table->at(v); }, out);
    } else {
      append_grey(samples, rescaled, out);
    }
  }
}

}  // namespace sonde::dicom
