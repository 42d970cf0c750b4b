// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/syntax.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sonde {
namespace {

struct Syntax {
  std::string_view uid;
  DicomCodec codec;
};
// DICOM PS3.5, annex A. Deflated is inflated on opening and explicit little endian from there on.
constexpr std::array<Syntax, 14> kSyntaxes{{
    {"1.2.840.10008.1.2", DicomCodec::native},
    {"1.2.840.10008.1.2.1", DicomCodec::native},
    {"1.2.840.10008.1.2.2", DicomCodec::native},
    {"1.2.840.10008.1.2.4.50", DicomCodec::jpeg},
    {"1.2.840.10008.1.2.4.51", DicomCodec::jpeg},
    {"1.2.840.10008.1.2.4.53", DicomCodec::jpeg},
    {"1.2.840.10008.1.2.4.55", DicomCodec::jpeg},
    {"1.2.840.10008.1.2.4.57", DicomCodec::jpeg},
    {"1.2.840.10008.1.2.4.70", DicomCodec::jpeg},
    {"1.2.840.10008.1.2.4.80", DicomCodec::jpeg_ls},
    {"1.2.840.10008.1.2.4.81", DicomCodec::jpeg_ls},
    {"1.2.840.10008.1.2.4.90", DicomCodec::jpeg_2000},
    {"1.2.840.10008.1.2.4.91", DicomCodec::jpeg_2000},
    {"1.2.840.10008.1.2.5", DicomCodec::rle},
}};

// PS3.6, table A-1, and what is retired. The first whose UIDs run from `first` to `last` behind the root.
struct UnreadSyntax {
  int first, last;
  std::string_view name;
};
constexpr std::string_view kCompressionRoot = "1.2.840.10008.1.2.4.";
constexpr std::array<UnreadSyntax, 9> kUnread{{
    {52, 66, "a retired JPEG process"},
    {92, 93, "JPEG 2000 with multiple components (part 2)"},
    {94, 95, "JPIP (pixels on a server)"},
    {100, 101, "MPEG-2 video"},
    {102, 106, "MPEG-4 (H.264) video"},
    {107, 108, "HEVC (H.265) video"},
    {110, 112, "JPEG XL"},
    {201, 203, "High-Throughput JPEG 2000"},
    {204, 205, "JPIP (pixels on a server)"},
}};

constexpr std::array<std::string_view, 3> kOneChannel{"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"};
constexpr std::array<std::string_view, 5> kThreeChannels{"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT",
                                                         "YBR_RCT"};

const Syntax* find_syntax(std::string_view uid) {
  const auto* found = std::ranges::find(kSyntaxes, uid, &Syntax::uid);
  return found == kSyntaxes.end() ? nullptr : found;
}

}  // namespace

bool is_known_syntax(std::string_view uid) { return find_syntax(uid) != nullptr; }

std::string_view unread_syntax_name(std::string_view uid) {
  if (uid == "1.2.840.10008.1.2.8.1") return "Deflated Image Frame Compression";
  if (uid.starts_with("1.2.840.10008.1.2.7.")) return "SMPTE ST 2110 (a stream)";
  if (!uid.starts_with(kCompressionRoot)) return {};
  int number = 0;
  std::from_chars(uid.data() + kCompressionRoot.size(), uid.data() + uid.size(), number);
  const auto* found = std::ranges::find_if(
      kUnread, [&](const UnreadSyntax& s) { return number >= s.first && number <= s.last; });
  return found == kUnread.end() ? std::string_view() : found->name;
}

bool is_compressed_syntax(std::string_view uid) { return codec_of(uid) != DicomCodec::native; }

DicomCodec codec_of(std::string_view uid) {
  const auto* syntax = find_syntax(uid);
  return syntax == nullptr ? DicomCodec::native : syntax->codec;
}

std::string_view codec_name(DicomCodec codec) {
  switch (codec) {
    case DicomCodec::native:
      return "";
    case DicomCodec::jpeg:
      return "JPEG";
    case DicomCodec::jpeg_ls:
      return "JPEG-LS";
    case DicomCodec::jpeg_2000:
      return "JPEG 2000";
    case DicomCodec::rle:
      return "RLE";
  }
  return "";
}

bool is_known_photometric(std::string_view name) {
  return std::ranges::find(kOneChannel, name) != kOneChannel.end() || is_three_channel(name);
}
bool is_three_channel(std::string_view name) {
  return std::ranges::find(kThreeChannels, name) != kThreeChannels.end();
}
bool is_luminance_chrominance(std::string_view name) { return name == "YBR_FULL" || name == "YBR_FULL_422"; }

}  // namespace sonde
