// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "sonde/core/error.h"
#include "sonde/io/picture/codecs.h"
#include "sonde/io/volume/checks.h"

// TIFF 6.0 and BigTIFF.
namespace sonde {
namespace {

constexpr std::uint16_t kWidth = 256, kHeight = 257, kBits = 258, kCompression = 259, kPhotometric = 262,
                        kStripOffsets = 273, kOrientation = 274, kSamples = 277, kRowsPerStrip = 278,
                        kStripBytes = 279, kPlanar = 284, kTileWidth = 322, kTileHeight = 323,
                        kTileOffsets = 324, kTileBytes = 325, kSampleFormat = 339, kDescription = 270;

enum class Width { classic, big };  // of offsets and counts
std::size_t word_bytes(Width width) { return width == Width::big ? 8 : 4; }

std::size_t type_bytes(std::uint64_t type) {
  constexpr std::array<std::uint8_t, 19> kBytes{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
  return type < kBytes.size() ? kBytes[type] : 0;
}

struct Entry {
  std::uint64_t type = 0, count = 0, values_at = 0;
};

// The entries of one page.
class Directory {
 public:
  Directory(const PictureBytes& file, Width width, std::uint64_t at) : file_(file) {
    const bool big = width == Width::big;
    const std::size_t count_bytes = big ? 8 : 2, entry_bytes = big ? 20 : 12, word = word_bytes(width);
    const auto count = file.number(at, count_bytes);
    if (count == 0 || count > kMaxEntries)
      refuse_corrupt(file.name(), "damaged: a TIFF directory of " + std::to_string(count) + " entries");
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t entry = at + count_bytes + i * entry_bytes;
      Entry read{file.number(entry + 2, 2), file.number(entry + 4, word), entry + 4 + word};
      const std::size_t value_bytes = type_bytes(read.type);
      if (value_bytes == 0) continue;
      if (read.count > file.size()) refuse_corrupt(file.name(), "cut: a TIFF entry is longer than the file");
      if (read.count * value_bytes > word) read.values_at = file.number(read.values_at, word);
      entries_.emplace(static_cast<std::uint16_t>(file.number(entry, 2)), read);
    }
    bytes_ = count_bytes + count * entry_bytes + word;
    next_ = file.number(at + bytes_ - word, word);
  }

  std::uint64_t next() const { return next_; }  // offset of the following page, 0: none
  std::uint64_t bytes() const { return bytes_; }
  bool has(std::uint16_t tag) const { return entries_.contains(tag); }

  // At most the first `most`.
  std::vector<std::uint64_t> values(std::uint16_t tag, std::uint64_t most) const {
    const auto found = entries_.find(tag);
    if (found == entries_.end()) return {};
    const auto [type, stored_count, at] = found->second;
    const std::size_t size = type_bytes(type);
    file_.part(at, stored_count * size);
    const std::uint64_t count = std::min(stored_count, most);
    std::vector<std::uint64_t> values;
    values.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i) values.push_back(file_.number(at + i * size, size));
    return values;
  }
  std::string_view text(std::uint16_t tag) const {
    const auto found = entries_.find(tag);
    if (found == entries_.end() || type_bytes(found->second.type) != 1) return {};
    const ByteView bytes = file_.part(found->second.values_at, found->second.count);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::uint64_t value(std::uint16_t tag, std::uint64_t absent) const {
    const auto found = entries_.find(tag);
    if (found == entries_.end() || found->second.count == 0) return absent;
    return file_.number(found->second.values_at, type_bytes(found->second.type));
  }

 private:
  static constexpr std::uint64_t kMaxEntries = 4096;
  const PictureBytes& file_;
  std::map<std::uint16_t, Entry> entries_;
  std::uint64_t next_ = 0, bytes_ = 0;
};

TiffLayout layout_of(const Directory& page) {
  return {.width = page.value(kWidth, 0),
          .height = page.value(kHeight, 0),
          .bits = page.value(kBits, 1),
          .samples = page.value(kSamples, 1),
          .format = page.value(kSampleFormat, 1),
          .compression = page.value(kCompression, 1),
          .photometric = page.value(kPhotometric, 1),
          .planar = page.value(kPlanar, 1)};
}

struct Compression {
  std::uint64_t code = 0;
  std::uint64_t most_ratio = 1;
};
// None, LZW, JPEG, deflate, PackBits. LZW: a code of 12 bits is at most 4096 bytes; JPEG: a bit a block.
constexpr std::array kCompressions{Compression{1, 1},    Compression{5, 2731},     Compression{7, 2048},
                                   Compression{8, 1032}, Compression{32946, 1032}, Compression{32773, 64}};

void check_coding(const std::string& name, const TiffLayout& layout, const Directory& page) {
  for (const auto bits : page.values(kBits, layout.samples))
    if (bits != layout.bits) refuse_unsupported(name, "TIFF with channels of different depths is not read");
  if (std::ranges::find(kCompressions, layout.compression, &Compression::code) == kCompressions.end()) {
    refuse_unsupported(name, "TIFF compression " + std::to_string(layout.compression) +
                                 " is not read: none, LZW, deflate, PackBits and JPEG are");
  }
}

constexpr std::uint64_t kWhiteIsZero = 0, kBlackIsZero = 1, kRgb = 2, kPalette = 3, kYCbCr = 6;
constexpr std::uint64_t kChunky = 1, kJpeg = 7;
constexpr std::uint64_t kUnsigned = 1, kSigned = 2, kFloat = 3, kUntyped = 4;

std::optional<SampleType> sample_of(const TiffLayout& layout) {
  struct Kind {
    std::uint64_t format, bits;
    SampleType type;
  };
  constexpr std::array kKinds{
      Kind{kUnsigned, 1, SampleType::uint8},   Kind{kUnsigned, 8, SampleType::uint8},
      Kind{kUnsigned, 16, SampleType::uint16}, Kind{kUnsigned, 32, SampleType::uint32},
      Kind{kUnsigned, 64, SampleType::uint64}, Kind{kSigned, 64, SampleType::int64},
      Kind{kSigned, 8, SampleType::int8},      Kind{kSigned, 16, SampleType::int16},
      Kind{kSigned, 32, SampleType::int32},    Kind{kFloat, 16, SampleType::float16},
      Kind{kFloat, 32, SampleType::float32},   Kind{kFloat, 64, SampleType::float64}};
  const auto format = layout.format == kUntyped ? kUnsigned : layout.format;
  const auto found = std::ranges::find_if(
      kKinds, [&](const Kind& kind) { return kind.format == format && kind.bits == layout.bits; });
  return found == kKinds.end() ? std::nullopt : std::optional(found->type);
}

enum class Colours { grey, palette, rgb };

// Absent for what is not read.
std::optional<Colours> colours_of(const TiffLayout& layout, SampleType sample) {
  const bool bytes = sample == SampleType::uint8 && layout.bits == 8;
  if (layout.samples == 1 && layout.photometric <= kBlackIsZero) return Colours::grey;
  if (layout.samples == 1 && layout.photometric == kPalette && bytes) return Colours::palette;
  if (!bytes && sample != SampleType::uint16) return std::nullopt;
  const bool three = layout.samples == 3;
  if (layout.photometric == kRgb && (three || layout.samples == 4)) return Colours::rgb;
  const bool ycbcr = layout.photometric == kYCbCr && layout.compression == kJpeg && layout.planar == kChunky;
  return ycbcr && three ? std::optional(Colours::rgb) : std::nullopt;
}

void describe_colours(const std::string& name, const TiffLayout& layout, PixelValues values,
                      PictureHeader& header) {
  const auto sample = sample_of(layout);
  const auto colours = sample ? colours_of(layout, *sample) : std::nullopt;
  if (!colours) {
    refuse_unsupported(name, "TIFF with " + std::to_string(layout.samples) + " x " +
                                 std::to_string(layout.bits) + " bits (sample format " +
                                 std::to_string(layout.format) + ", photometric " +
                                 std::to_string(layout.photometric) + ") is not read");
  }
  const bool indices = *colours == Colours::palette && values == PixelValues::stored;
  const bool coloured = *colours != Colours::grey && !indices;
  header.coding.sample = *sample;
  header.coding.channels = coloured ? 3 : 1;
  header.stored_type = layout.bits == 1 ? "1 bit" : std::string(to_string(*sample));
  if (*colours == Colours::palette) header.stored_type += " palette";
  if (*colours == Colours::rgb) header.stored_type += layout.samples == 4 ? " rgba" : " rgb";
  if (layout.samples == 4) header.notes.emplace_back("the alpha channel is ignored");
  if (coloured) {
    header.photometric = Photometric::rgb;
  } else if (layout.photometric == kWhiteIsZero && *sample != SampleType::uint8 &&
             values == PixelValues::shown) {
    header.photometric = Photometric::grey_inverted;  // bytes are turned round: they have no window
  }
}

// Strips or tiles.
struct Pieces {
  std::uint64_t width = 0, height = 0;  // of each; the last strip may be lower
  std::uint64_t samples = 1;            // of a pixel in one piece: each plane has its own
  std::uint64_t per_plane = 0, count = 0;
  std::vector<std::uint64_t> offsets, sizes;
};

Pieces pieces_of(const PictureBytes& file, const Directory& page, const TiffLayout& layout) {
  const bool tiled = page.has(kTileWidth) || page.has(kTileOffsets);
  Pieces pieces;
  pieces.width = layout.width;
  pieces.height = std::min(page.value(kRowsPerStrip, layout.height), layout.height);
  if (tiled) {
    pieces.width = page.value(kTileWidth, 0);
    pieces.height = page.value(kTileHeight, 0);
    checked_picture_extent(file.name(), pieces.width, pieces.height);
    if (pieces.width % 16 != 0 || pieces.height % 16 != 0)
      refuse_corrupt(file.name(), "damaged: the sides of TIFF tiles must be multiples of 16");
  }
  if (pieces.height == 0) refuse_corrupt(file.name(), "damaged: TIFF strips without rows");
  pieces.samples = layout.planar == kChunky ? layout.samples : 1;
  pieces.per_plane = (layout.width + pieces.width - 1) / pieces.width *
                     ((layout.height + pieces.height - 1) / pieces.height);
  pieces.count = pieces.per_plane * (layout.samples / pieces.samples);
  pieces.offsets = page.values(tiled ? kTileOffsets : kStripOffsets, pieces.count);
  pieces.sizes = page.values(tiled ? kTileBytes : kStripBytes, pieces.count);
  const auto listed = std::min(pieces.offsets.size(), pieces.sizes.size());
  if (listed < pieces.count) {
    refuse_corrupt(file.name(), "cut: the picture needs " + std::to_string(pieces.count) +
                                    " strips or tiles, the file lists " + std::to_string(listed));
  }
  return pieces;
}

// All strips or tiles lie in the file and are long enough. Gives their number.
std::uint64_t check_pixels(const PictureBytes& file, const Directory& page, const TiffLayout& layout) {
  const Pieces pieces = pieces_of(file, page, layout);
  const auto ratio = std::ranges::find(kCompressions, layout.compression, &Compression::code)->most_ratio;
  for (std::uint64_t i = 0; i < pieces.count; ++i) {
    const std::string piece = "strip or tile " + std::to_string(i);
    const auto at = pieces.offsets[i];
    const auto size = pieces.sizes[i];
    if (at > file.size() || size > file.size() - at || size == 0)
      refuse_corrupt(file.name(), "cut: " + piece + " is not in the file");
    const bool last_strip = pieces.width == layout.width && (i + 1) % pieces.per_plane == 0;
    const auto rows = last_strip ? layout.height - (pieces.per_plane - 1) * pieces.height : pieces.height;
    const auto needed = (pieces.width * pieces.samples * layout.bits + 7) / 8 * rows;
    if (ratio == 1 && size < needed)
      refuse_corrupt(file.name(), "cut: " + piece + " has " + std::to_string(size) + " of " +
                                      std::to_string(needed) + " bytes");
    require_possible_ratio(file.name(), needed, size, ratio);
  }
  return pieces.count;
}

struct Start {
  Width width = Width::classic;
  std::uint64_t pointer_at = 4;  // where the offset of the first directory is
};

Start start_of(const PictureBytes& file) {
  if (file.number(2, 2) == 42) return {};
  if (file.number(4, 2) != 8 || file.number(6, 2) != 0)
    refuse_corrupt(file.name(), "damaged: not a BigTIFF header");
  return {Width::big, 8};
}

struct Page {
  std::uint64_t at = 0;
  Directory directory;
};

std::vector<Page> pages_of(const PictureBytes& file, const Start& start) {
  std::vector<Page> pages;
  std::uint64_t used = 0;  // pages that overlap or form a circle would cost any time
  std::uint64_t at = file.number(start.pointer_at, word_bytes(start.width));
  while (at != 0) {
    pages.push_back({at, Directory(file, start.width, at)});
    used += pages.back().directory.bytes();
    if (used > file.size()) refuse_corrupt(file.name(), "damaged: its TIFF pages form a circle");
    at = pages.back().directory.next();
  }
  if (pages.empty()) refuse_corrupt(file.name(), "cut: the TIFF holds no picture");
  return pages;
}

// Of pages that are frames of one picture; other pages are left out, with a note.
std::int64_t count_alike(const PictureBytes& file, const std::vector<Page>& pages, const TiffLayout& layout,
                         std::vector<std::string>& notes) {
  const bool alike =
      std::ranges::all_of(pages, [&](const Page& page) { return layout_of(page.directory) == layout; });
  const std::size_t count = alike ? pages.size() : 1;
  if (!alike)
    notes.push_back(std::to_string(pages.size() - 1) + " more pages of other sizes or kinds are not read");
  std::uint64_t pieces = 0;
  for (std::size_t i = 0; i < count; ++i) {
    pieces += check_pixels(file, pages[i].directory, layout);
    if (pieces > file.size()) refuse_corrupt(file.name(), "damaged: its TIFF pages share their pixels");
  }
  return static_cast<std::int64_t>(count);
}

// The images of a file that has one directory for them all, as ImageJ writes stacks: the pixels of the others
// follow those of the first.
struct ImageJStack {
  std::int64_t frame_count = 0;  // 0: there is none
  std::uint64_t at = 0, frame_bytes = 0;
  std::vector<std::string> notes;
};

// "images=12" of a line each; 1 where it is not there or is not a number.
std::uint64_t imagej_number(std::string_view description, const std::string& key) {
  const auto found = description.find("\n" + key + "=");
  if (found == std::string_view::npos) return 1;
  const std::string_view digits = description.substr(found + key.size() + 2);
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return failed == std::errc{} ? value : 1;
}

std::vector<std::string> notes_on_stack(std::string_view description) {
  std::vector<std::string> notes;
  const auto channels = imagej_number(description, "channels");
  const auto slices = imagej_number(description, "slices");
  const auto times = imagej_number(description, "frames");
  if ((channels > 1) + (slices > 1) + (times > 1) > 1)
    notes.push_back("an ImageJ hyperstack of " + std::to_string(channels) + " channels, " +
                    std::to_string(slices) + " slices and " + std::to_string(times) +
                    " time points: its frames are numbered in this order, channels first");
  return notes;
}

ImageJStack imagej_stack(const PictureBytes& file, const Directory& page, const TiffLayout& layout,
                         std::size_t page_count) {
  const std::string_view description = page.text(kDescription);
  if (!description.starts_with("ImageJ=")) return {};
  ImageJStack stack{.notes = notes_on_stack(description)};
  const auto images = imagej_number(description, "images");
  if (images <= 1 || page_count > 1) return stack;
  check_pixels(file, page, layout);
  const Pieces pieces = pieces_of(file, page, layout);
  stack.at = pieces.offsets.front();
  stack.frame_bytes = (layout.width * layout.samples * layout.bits + 7) / 8 * layout.height;
  const std::string announced = "its ImageJ description announces " + std::to_string(images) + " images, ";
  bool in_one_piece = layout.compression == 1 && !page.has(kTileWidth) && layout.planar == kChunky;
  for (std::size_t i = 1; i < pieces.offsets.size(); ++i)
    in_one_piece = in_one_piece && pieces.offsets[i] == pieces.offsets[i - 1] + pieces.sizes[i - 1];
  if (!in_one_piece)
    refuse_unsupported(file.name(), announced + "but the pixels of its one directory are not in one piece");
  const auto held = (file.size() - stack.at) / stack.frame_bytes;
  if (images > held)
    refuse_corrupt(file.name(), "cut: " + announced + "the file holds " + std::to_string(held));
  stack.frame_count = static_cast<std::int64_t>(images);
  return stack;
}

Orientation sound_orientation(std::uint64_t value) { return value >= 1 && value <= 8 ? value : 1; }

ByteOrder order_of(ByteView file) { return file[0] == std::byte{'M'} ? ByteOrder::big : ByteOrder::little; }

}  // namespace

bool starts_as_tiff(ByteView head) {
  constexpr std::byte kI{'I'}, kM{'M'}, kNone{0}, kClassic{42}, kBig{43};
  if (head.size() < 4) return false;
  if (head[0] == kI && head[1] == kI) return (head[2] == kClassic || head[2] == kBig) && head[3] == kNone;
  return head[0] == kM && head[1] == kM && head[2] == kNone && (head[3] == kClassic || head[3] == kBig);
}

PictureHeader parse_tiff(const std::string& name, ByteView bytes, const ReadOptions& options) {
  const PictureBytes file(name, bytes, order_of(bytes));
  const Start start = start_of(file);
  const auto pages = pages_of(file, start);
  const Directory& first = pages.front().directory;
  const TiffLayout layout = layout_of(first);
  PictureHeader header;
  header.format = start.width == Width::big ? "BigTIFF" : "TIFF";
  header.coding = {.extent = checked_picture_extent(name, layout.width, layout.height),
                   .values = options.values,
                   .page = {.order = file.order(), .layout = layout},
                   .decode = decode_tiff};
  check_coding(name, layout, first);
  describe_colours(name, layout, options.values, header);
  const ImageJStack stack = imagej_stack(file, first, layout, pages.size());
  std::ranges::copy(stack.notes, std::back_inserter(header.notes));
  header.frame_count =
      stack.frame_count > 0 ? stack.frame_count : count_alike(file, pages, layout, header.notes);
  const std::int64_t frame = options.frame.value_or(0);
  if (frame < 0 || frame >= header.frame_count) {
    throw Error(ErrorKind::usage,
                name + ": frame " + std::to_string(frame) + " is not there: " +
                    (header.frame_count == 1 ? "only frame 0 is"
                                             : "0.." + std::to_string(header.frame_count - 1) + " are"));
  }
  const Page& page = pages[stack.frame_count > 0 ? 0 : static_cast<std::size_t>(frame)];
  header.coding.page.at = page.at;
  if (stack.frame_count > 0)
    header.coding.page.raw_at = stack.at + static_cast<std::uint64_t>(frame) * stack.frame_bytes;
  header.orientation = sound_orientation(page.directory.value(kOrientation, 1));
  return header;
}

Orientation tiff_orientation(ByteView bytes) try {
  const std::string name;
  if (!starts_as_tiff(bytes)) return 1;
  const PictureBytes file(name, bytes, order_of(bytes));
  const Start start = start_of(file);
  return sound_orientation(
      Directory(file, start.width, file.number(start.pointer_at, word_bytes(start.width)))
          .value(kOrientation, 1));
} catch (const Error&) {  // a broken Exif block spoils no picture
  return 1;
}

}  // namespace sonde
