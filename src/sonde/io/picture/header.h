// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/core/isolated.h"
#include "sonde/imaging/volume.h"
#include "sonde/io/read.h"
#include "sonde/io/volume/samples.h"

// What the headers of PNG, JPEG, TIFF and BMP files say, read and checked before a decoder sees the file.
namespace sonde {

// What makes two pages of a TIFF frames of one picture; the numbers are the format's.
struct TiffLayout {
  std::uint64_t width = 0, height = 0, bits = 1, samples = 1, format = 1, compression = 1, photometric = 1,
                planar = 1;
  bool operator==(const TiffLayout&) const = default;
};
struct TiffPage {
  std::uint64_t at = 0;      // of its directory in the file
  std::uint64_t raw_at = 0;  // of its pixels, where they are not a directory's own (ImageJ); else 0
  ByteOrder order = ByteOrder::little;  // of the file
  TiffLayout layout;
};

struct PictureCoding;

// Gives the samples of a file that has been checked, row by row from the top: one a pixel or red, green and
// blue, in the machine's byte order. Throws Error{corrupt_data} naming `name`. Runs in a child process.
using PictureDecoder = void(const std::string& name, ByteView file, const PictureCoding& coding,
                            const ByteSink& give);

// What a decoder has to know: numbers alone, which go to its process as they are.
struct PictureCoding {
  Extent2 extent;                         // as stored
  SampleType sample = SampleType::uint8;  // after decoding: fewer than 8 bits become 8
  std::int64_t channels = 1;              // after decoding: 1 or 3
  PixelValues values = PixelValues::shown;
  TiffPage page;  // the requested one
  PictureDecoder* decode = nullptr;
};

// Bytes of one decoded row.
std::size_t row_bytes(const PictureCoding& coding);

// How a picture lies in its file, as Exif and TIFF number it: 1 as it is shown, 2 to 4 mirrored or turned
// round, 5 to 8 with rows and columns exchanged.
using Orientation = std::uint64_t;

struct PictureHeader {
  std::string format;  // "PNG"
  PictureCoding coding;
  Orientation orientation = 1;
  Photometric photometric = Photometric::grey;
  std::string stored_type;  // "uint8 rgb"
  std::int64_t frame_count = 1;
  std::vector<std::string> notes;
};
// Width and height as people see the picture.
Extent2 shown_extent(const PictureHeader& header);

// Which pixel of the shown picture, counted row by row, a stored one is: first + x * across + y * down.
struct TurnedPixels {
  std::int64_t first = 0, across = 1, down = 0;
};
TurnedPixels turned_pixels(const PictureHeader& header);

// They throw Error{corrupt_data} for a file that is cut, damaged or lies about its size, Error{unsupported}
// for a legal one that sonde does not read; both name `name`.
PictureHeader parse_png(const std::string& name, ByteView file, PixelValues values);
PictureHeader parse_jpeg(const std::string& name, ByteView file);
PictureHeader parse_bmp(const std::string& name, ByteView file);
// Throws Error{usage} if the frame is not there.
PictureHeader parse_tiff(const std::string& name, ByteView file, const ReadOptions& options);
// Whichever of these it is.
PictureHeader parse_picture(const std::string& name, ByteView file, const ReadOptions& options);

// Of an Exif block or another TIFF; 1 where it does not say, or says nonsense.
Orientation tiff_orientation(ByteView file);

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
