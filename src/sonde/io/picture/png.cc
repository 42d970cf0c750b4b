// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>

#include <zlib.h>

#include "sonde/core/text.h"
#include "sonde/io/picture/codecs.h"
#include "sonde/io/volume/checks.h"

// PNG (W3C, third edition).
namespace sonde {
namespace {

constexpr std::array<unsigned char, 8> kSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

struct Kind {
  std::uint64_t colour_type = 0;
  std::uint64_t channels = 0;
  const char* name = "";
  std::array<std::uint64_t, 5> depths{};
  Photometric photometric = Photometric::grey;
  const char* note = "";
};
constexpr std::uint64_t kPaletteType = 3;
constexpr const char* kAlphaNote = "the alpha channel is ignored";
constexpr std::array kKinds{
    Kind{0, 1, "", {1, 2, 4, 8, 16}, Photometric::grey, ""},
    Kind{2, 3, " rgb", {8, 16}, Photometric::rgb, ""},
    Kind{kPaletteType, 1, " palette", {1, 2, 4, 8}, Photometric::rgb, ""},
    Kind{4, 2, " grey and alpha", {8, 16}, Photometric::grey, kAlphaNote},
    Kind{6, 4, " rgba", {8, 16}, Photometric::rgb, kAlphaNote},
};

const Kind& kind_of(const std::string& name, std::uint64_t colour_type, std::uint64_t depth) {
  const auto found =
      std::ranges::find_if(kKinds, [&](const Kind& kind) { return kind.colour_type == colour_type; });
  if (depth == 0 || found == kKinds.end() || std::ranges::find(found->depths, depth) == found->depths.end()) {
    refuse_corrupt(name, "colour type " + std::to_string(colour_type) + " with " + std::to_string(depth) +
                             " bits is none that PNG knows");
  }
  return *found;
}

std::uint64_t crc_of(ByteView bytes) {
  return crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

struct Chunks {
  std::uint64_t compressed = 0;  // bytes of all IDAT
  std::uint64_t end = 0;         // behind IEND
  bool transparent = false;      // tRNS
  Orientation orientation = 1;   // eXIf
};

// Walks all chunks, whose checksums must be right, to the end of the picture.
Chunks walk_chunks(const PictureBytes& file) {
  Chunks chunks;
  for (std::uint64_t at = kSignature.size();;) {
    if (at == file.size()) refuse_corrupt(file.name(), "cut: it has no end (IEND)");
    const auto length = file.number(at, 4);
    const auto type_bytes = file.part(at + 4, 4);
    const std::string type(reinterpret_cast<const char*>(type_bytes.data()), 4);
    if (crc_of(file.part(at + 4, length + 4)) != file.number(at + 8 + length, 4))
      refuse_corrupt(file.name(), "damaged: the checksum of its chunk " + in_quotes(type) + " is wrong");
    at += length + 12;
    if (type == "IDAT") chunks.compressed += length;
    if (type == "tRNS") chunks.transparent = true;
    if (type == "eXIf") chunks.orientation = tiff_orientation(file.part(at - length - 4, length));
    if (type != "IEND") continue;
    chunks.end = at;
    return chunks;
  }
}

}  // namespace

bool starts_as_png(ByteView head) {
  return head.size() >= kSignature.size() &&
         std::memcmp(head.data(), kSignature.data(), kSignature.size()) == 0;
}

PictureHeader parse_png(const std::string& name, ByteView bytes, PixelValues values) {
  const PictureBytes file(name, bytes, ByteOrder::big);
  if (file.number(8, 4) != 13 || file.number(12, 4) != 0x49484452)  // IHDR
    refuse_corrupt(name, "it does not begin with its header (IHDR)");
  const auto depth = file.number(24, 1);
  const Kind& kind = kind_of(name, file.number(25, 1), depth);
  PictureHeader header;
  header.format = "PNG";
  const bool indices = values == PixelValues::stored && file.number(25, 1) == kPaletteType;
  header.photometric = indices ? Photometric::grey : kind.photometric;
  header.coding = {.extent = checked_picture_extent(name, file.number(16, 4), file.number(20, 4)),
                   .sample = depth == 16 ? SampleType::uint16 : SampleType::uint8,
                   .channels = header.photometric == Photometric::rgb ? 3 : 1,
                   .values = values,
                   .page = {},
                   .decode = decode_png};
  header.stored_type = "uint" + std::to_string(depth) + kind.name;
  if (kind.note[0] != '\0') header.notes.emplace_back(kind.note);
  const Chunks chunks = walk_chunks(file);
  header.orientation = chunks.orientation;
  if (chunks.transparent) header.notes.emplace_back("transparency is ignored");
  if (chunks.end < file.size())
    header.notes.push_back(std::to_string(file.size() - chunks.end) +
                           " bytes after the end of the picture are ignored");
  const auto width = static_cast<std::uint64_t>(header.coding.extent.width);
  const auto height = static_cast<std::uint64_t>(header.coding.extent.height);
  require_possible_ratio(name, height * (1 + (width * kind.channels * depth + 7) / 8), chunks.compressed,
                         1032);  // deflate's best
  return header;
}

}  // namespace sonde
