// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom_syntax.h"

#include <algorithm>
#include <array>

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

constexpr std::array<std::string_view, 3> kOneChannel{"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"};
constexpr std::array<std::string_view, 5> kThreeChannels{"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT",
                                                         "YBR_RCT"};

const Syntax* find_syntax(std::string_view uid) {
  const auto* found = std::ranges::find(kSyntaxes, uid, &Syntax::uid);
  return found == kSyntaxes.end() ? nullptr : found;
}

}  // namespace

bool is_known_syntax(std::string_view uid) { return find_syntax(uid) != nullptr; }
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
