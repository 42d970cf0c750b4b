// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/imaging/volume.h"
#include "sonde/io/samples.h"

// What the headers of PNG, JPEG, TIFF and BMP files say, read and checked before a decoder sees the file.
namespace sonde {

struct PictureHeader;

// Fills in the samples of a file that has been checked: row-major, one a pixel or red, green and blue, in the
// machine's byte order. Throws Error{corrupt_data} naming `name`. Runs in a child process.
using PictureDecoder = void(const std::string& name, ByteView file, const PictureHeader& header,
                            std::span<std::byte> samples);

// What makes two pages of a TIFF frames of one picture; the numbers are the format's.
struct TiffLayout {
  std::uint64_t width = 0, height = 0, bits = 1, samples = 1, format = 1, compression = 1, photometric = 1,
                planar = 1;
  bool operator==(const TiffLayout&) const = default;
};
struct TiffPage {
  std::uint64_t at = 0;  // of its directory in the file
  TiffLayout layout;
};

struct PictureHeader {
  std::string format;  // "PNG"
  Extent2 extent;
  SampleType sample = SampleType::uint8;  // after decoding: fewer than 8 bits become 8
  Photometric photometric = Photometric::grey;
  std::string stored_type;  // "uint8 rgb"
  std::int64_t frame_count = 1;
  TiffPage page;  // the requested one
  std::vector<std::string> notes;
  PictureDecoder* decode = nullptr;
};

// They throw Error{corrupt_data} for a file that is cut, damaged or lies about its size, Error{unsupported}
// for a legal one that sonde does not read; both name `name`.
PictureHeader parse_png(const std::string& name, ByteView file);
PictureHeader parse_jpeg(const std::string& name, ByteView file);
PictureHeader parse_bmp(const std::string& name, ByteView file);
// Throws Error{usage} if the page is not there.
PictureHeader parse_tiff(const std::string& name, ByteView file, std::int64_t page);
// Whichever of these it is.
PictureHeader parse_picture(const std::string& name, ByteView file, std::int64_t page);

// Of an Exif block or another TIFF: 1 as stored, 2 to 8 turned. 1 as well where it does not say.
std::uint64_t tiff_orientation(ByteView file);

bool starts_as_png(ByteView head);
bool starts_as_jpeg(ByteView head);
bool starts_as_bmp(ByteView head);
bool starts_as_tiff(ByteView head);  // BigTIFF as well

// Whole numbers anywhere in a file. Outside of it: Error{corrupt_data}, "NAME: cut: ...".
class PictureBytes {
 public:
  PictureBytes(const std::string& name, ByteView file, ByteOrder order)
      : name_(name), file_(file), order_(order) {}
  std::uint64_t number(std::uint64_t at, std::size_t size) const;
  ByteView part(std::uint64_t at, std::uint64_t size) const;
  ByteOrder order() const { return order_; }
  std::uint64_t size() const { return file_.size(); }
  const std::string& name() const { return name_; }

 private:
  const std::string& name_;
  ByteView file_;
  ByteOrder order_;
};

// 2^28 pixels, a side of 10^6 (libpng's): above any picture, below what memory takes.
Extent2 checked_picture_extent(const std::string& name, std::uint64_t width, std::uint64_t height);

// "NAME: its header announces ... more than its compressed data can hold": a bound of the format broken.
void require_possible_ratio(const std::string& name, std::uint64_t announced, std::uint64_t compressed,
                            std::uint64_t most_ratio);

}  // namespace sonde
