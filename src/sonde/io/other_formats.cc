// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/other_formats.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "sonde/core/text.h"

namespace sonde {
namespace {

using Holds = OtherFormat::Holds;
using std::string_view_literals::operator""sv;

constexpr const char* kToPng = "convert it to PNG";
constexpr const char* kToTiff = "convert it to TIFF or PNG, for instance with Bio-Formats";
constexpr const char* kToNifti = "convert it to NIfTI";
constexpr const char* kToArrays = "write its arrays as .npy files";

struct Signature {
  std::size_t at;
  std::string_view bytes;
  Holds holds;
  const char* what;
  const char* advice;
};
constexpr std::array kSignatures{
    Signature{0, "GIF87a"sv, Holds::image, "a GIF picture", kToPng},
    Signature{0, "GIF89a"sv, Holds::image, "a GIF picture", kToPng},
    Signature{8, "WEBPVP8"sv, Holds::image, "a WebP picture", kToPng},
    Signature{0, "\x00\x00\x00\x0cjP  \r\n\x87\n"sv, Holds::image, "a JPEG 2000 picture", kToPng},
    Signature{0, "\xff\x4f\xff\x51"sv, Holds::image, "a JPEG 2000 codestream", kToPng},
    Signature{0, "\x00\x00\x00\x0cJXL \r\n\x87\n"sv, Holds::image, "a JPEG XL picture", kToPng},
    Signature{0, "\xff\x0a"sv, Holds::image, "a JPEG XL picture", kToPng},
    Signature{0, "II\xbc\x01"sv, Holds::image, "a JPEG XR picture", kToPng},
    Signature{4, "ftypavif"sv, Holds::image, "an AVIF picture", kToPng},
    Signature{4, "ftypavis"sv, Holds::image, "an AVIF picture", kToPng},
    Signature{4, "ftyphei"sv, Holds::image, "a HEIC picture", kToPng},
    Signature{4, "ftyphev"sv, Holds::image, "a HEIC picture", kToPng},
    Signature{4, "ftypmif1"sv, Holds::image, "a HEIF picture", kToPng},
    Signature{4, "ftyp"sv, Holds::other, "an MP4 or QuickTime film", "write its frames as PNG"},
    Signature{0, "8BPS\0\1"sv, Holds::image, "a Photoshop document", kToPng},
    Signature{0, "v/1\1"sv, Holds::image, "an OpenEXR picture", "convert it to TIFF of 32-bit floats"},
    Signature{0, "SIMPLE  ="sv, Holds::image, "a FITS image", kToTiff},
    Signature{0, "ZISRAWFILE"sv, Holds::image, "a Zeiss CZI file", kToTiff},
    Signature{0, "\xda\xce\xbe\n"sv, Holds::image, "a Nikon ND2 file", kToTiff},
    Signature{0, "\x70\0\0\0"sv, Holds::image, "a Leica LIF file", kToTiff},
    Signature{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, Holds::image,
              "an OLE document (Olympus OIB, Zeiss ZVI)", kToTiff},
    Signature{0, "CDF\1"sv, Holds::image, "a NetCDF file (MINC 1)", kToNifti},
    Signature{0, "CDF\2"sv, Holds::image, "a NetCDF file (MINC 1)", kToNifti},
    Signature{0, "\x89HDF\r\n\x1a\n"sv, Holds::image, "an HDF5 file (.h5, .ims, MINC 2, Matlab 7.3)",
              kToArrays},
    Signature{0, "MATLAB 5.0 MAT-file"sv, Holds::image, "a Matlab file", kToArrays},
    Signature{0, "PK\3\4"sv, Holds::other, "a zip archive (.npz, .zip)",
              "unpack it; an .npz holds .npy files, which sonde reads"},
    Signature{0, "\x1f\x8b"sv, Holds::other, "gzip data",
              "unpack it: of what is packed sonde reads NIfTI and MGZ"},
    Signature{0, "BZh"sv, Holds::other, "bzip2 data", "unpack it"},
    Signature{0,
              "\xfd"
              "7zXZ"sv,
              Holds::other, "xz data", "unpack it"},
    Signature{0, "%PDF-"sv, Holds::other, "a PDF document", "save its picture as PNG"},
    Signature{0, "version https://git-lfs"sv, Holds::other, "a Git LFS pointer and not the file itself",
              "fetch it with git lfs pull"},
};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trimmed_start(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

// "P1" to "P7" and a number or a comment.
bool is_netpbm(std::string_view head) {
  if (head.size() < 4 || head[0] != 'P' || head[1] < '1' || head[1] > '7' || !is_space(head[2])) return false;
  const std::string_view rest = trimmed_start(head.substr(2));
  return rest.starts_with('#') || rest.starts_with("WIDTH") ||
         (!rest.empty() && std::isdigit(static_cast<unsigned char>(rest.front())) != 0);
}

std::optional<OtherFormat> markup(std::string_view head) {
  const std::string text = lower_case(trimmed_start(head));
  if (text.starts_with("<!doctype html") || text.starts_with("<html"))
    return OtherFormat{Holds::other, "an HTML page", "a download may have failed"};
  if (text.starts_with("<svg") || (text.starts_with("<?xml") && text.find("<svg") != std::string::npos))
    return OtherFormat{Holds::image, "an SVG drawing", kToPng};
  return std::nullopt;
}

}  // namespace

std::optional<OtherFormat> other_format(ByteView bytes) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Signature& signature : kSignatures) {
    if (head.substr(std::min(signature.at, head.size())).starts_with(signature.bytes))
      return OtherFormat{signature.holds, signature.what, signature.advice};
  }
  if (is_netpbm(head)) return OtherFormat{Holds::image, "a Netpbm picture (PBM, PGM, PPM, PAM)", kToPng};
  return markup(head);
}

std::string why_not_read(const OtherFormat& format) {
  return "is " + format.what + ", which sonde does not read: " + format.advice;
}

}  // namespace sonde
