// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <string_view>

#include "sonde/io/picture/codecs.h"
#include "sonde/io/volume/checks.h"

// JPEG (ITU-T T.81).
namespace sonde {
namespace {

constexpr std::uint64_t kStartOfImage = 0xd8, kEndOfImage = 0xd9, kStartOfScan = 0xda, kExifSegment = 0xe1;

bool is_restart(std::uint64_t marker) { return marker >= 0xd0 && marker <= 0xd7; }

// C0 to CF without DHT, JPG and DAC.
bool is_frame(std::uint64_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

class Walk {
 public:
  explicit Walk(const PictureBytes& file) : file_(file) {}

  // The next marker; `at()` is behind it. Fill bytes may precede it.
  std::uint64_t next_marker() {
    require_more();
    if (file_.number(at_, 1) != 0xff)
      refuse_corrupt(file_.name(), "damaged: byte " + std::to_string(at_) + " should begin a JPEG marker");
    while (at_ < file_.size() && file_.number(at_, 1) == 0xff) ++at_;
    require_more();
    return file_.number(at_++, 1);
  }

  // Bytes of a scan's data that begins here; stands at the marker behind it afterwards.
  std::uint64_t skip_scan() {
    const ByteView rest = file_.part(at_, file_.size() - at_);
    const auto data = [&](std::size_t i) { return std::to_integer<std::uint64_t>(rest[i]); };
    for (std::size_t i = 0; i + 1 < rest.size(); ++i) {
      if (data(i) != 0xff || data(i + 1) == 0 || data(i + 1) == 0xff || is_restart(data(i + 1))) continue;
      at_ += i;
      return i;
    }
    at_ = file_.size();
    require_more();
    return 0;
  }

  // The length of a segment, which includes its own two bytes; stands behind the segment afterwards.
  std::uint64_t skip_segment() {
    const auto length = file_.number(at_, 2);
    if (length < 2) refuse_corrupt(file_.name(), "damaged: a JPEG segment has no length");
    file_.part(at_, length);
    at_ += length;
    return length;
  }

  std::uint64_t at() const { return at_; }

 private:
  void require_more() const {
    if (at_ >= file_.size()) refuse_corrupt(file_.name(), "cut: the JPEG has no end (EOI)");
  }
  const PictureBytes& file_;
  std::uint64_t at_ = 2;
};

// The segment of SOFn at `at`.
void parse_frame(const PictureBytes& file, std::uint64_t marker, std::uint64_t at, PictureHeader& header) {
  const std::string& name = file.name();
  if (header.coding.extent.width > 0)
    refuse_corrupt(name, "damaged: the JPEG has more than one frame header");
  if (marker > 0xc2)
    refuse_unsupported(name, "JPEG process " + std::to_string(marker - 0xc0) +
                                 " is not read: baseline, extended and progressive Huffman coding are");
  const auto precision = file.number(at + 2, 1);
  if (precision != 8)
    refuse_unsupported(name, "JPEG with " + std::to_string(precision) + " bits a sample is not read: 8 are");
  const auto components = file.number(at + 7, 1);
  if (components != 1 && components != 3 && components != 4)
    refuse_unsupported(name, "JPEG with " + std::to_string(components) +
                                 " components is not read: grey, colour and CMYK are");
  if (file.number(at, 2) != 8 + 3 * components)
    refuse_corrupt(name, "damaged: its JPEG frame header has a wrong length");
  if (file.number(at + 3, 2) == 0)
    refuse_unsupported(name, "JPEG that gives its height after its pixels (DNL) is not read");
  header.coding.extent = checked_picture_extent(name, file.number(at + 5, 2), file.number(at + 3, 2));
  header.coding.channels = components == 1 ? 1 : 3;
  header.photometric = components == 1 ? Photometric::grey : Photometric::rgb;
  header.stored_type = components == 1 ? "uint8" : components == 3 ? "uint8 rgb" : "uint8 cmyk";
  if (components == 4) header.notes.emplace_back("CMYK is shown as RGB, without its colour profile");
}

// Of the segment of APP1 at `at`; 1 as well where it holds no Exif.
Orientation orientation_in(const PictureBytes& file, std::uint64_t at) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  const ByteView segment = file.part(at + 2, file.number(at, 2) - 2);
  if (segment.size() < kExif.size() || std::memcmp(segment.data(), kExif.data(), kExif.size()) != 0) return 1;
  return tiff_orientation(segment.subspan(kExif.size()));
}

}  // namespace

bool starts_as_jpeg(ByteView head) {
  return head.size() >= 3 && head[0] == std::byte{0xff} && head[1] == std::byte{0xd8} &&
         head[2] == std::byte{0xff};
}

PictureHeader parse_jpeg(const std::string& name, ByteView bytes) {
  constexpr int kMaxScans = 500;  // a progressive one has about ten; each costs as much as the picture
  const PictureBytes file(name, bytes, ByteOrder::big);
  PictureHeader header;
  header.format = "JPEG";
  header.coding.decode = decode_jpeg;
  Walk walk(file);
  std::uint64_t compressed = 0;
  int scans = 0;
  for (std::uint64_t marker = walk.next_marker(); marker != kEndOfImage; marker = walk.next_marker()) {
    if (marker == 0x01 || is_restart(marker)) continue;
    if (marker == 0 || marker == kStartOfImage)
      refuse_corrupt(name, "damaged: a JPEG marker stands where none may");
    const auto segment = walk.at();
    walk.skip_segment();
    if (is_frame(marker)) parse_frame(file, marker, segment, header);
    if (marker == kExifSegment && header.orientation == 1) header.orientation = orientation_in(file, segment);
    if (marker != kStartOfScan) continue;
    if (header.coding.extent.width == 0)
      refuse_corrupt(name, "damaged: a JPEG scan comes before the frame header");
    if (++scans > kMaxScans) refuse_corrupt(name, "the JPEG has more than 500 scans");
    compressed += walk.skip_scan();
  }
  if (scans == 0) refuse_corrupt(name, "cut: the JPEG holds no pixels");
  if (walk.at() < file.size())
    header.notes.push_back(std::to_string(file.size() - walk.at()) +
                           " bytes after the end of the picture are ignored");
  // Huffman codes have at least one bit, and each block of 64 pixels at least one code.
  require_possible_ratio(name, static_cast<std::uint64_t>(pixel_count(header.coding.extent)), compressed,
                         512);
  return header;
}

}  // namespace sonde
