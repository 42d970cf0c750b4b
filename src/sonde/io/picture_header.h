// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/imaging/geometry.h"
#include "sonde/io/samples.h"

// What the headers of PNG, JPEG, TIFF and BMP files say, read and checked before a decoder sees the file.
namespace sonde {

struct BytePatch {
  std::size_t at = 0;
  std::vector<std::byte> bytes;
};

struct PictureHeader {
  std::string format;  // "PNG"
  Extent2 extent;
  SampleType sample = SampleType::uint8;  // after decoding: fewer than 8 bits become 8
  enum class Colour { grey, grey_inverted, rgb } colour = Colour::grey;
  bool colour_is_decoders = false;  // a palette may hold grey alone: the decoder looks
  std::string stored_type;          // "uint8 rgb"
  std::int64_t frame_count = 1;
  std::vector<BytePatch> patches;  // what makes the decoder see the requested frame, as it is stored
  std::vector<std::string> notes;
};

// They throw Error{corrupt_data} for a file that is cut, damaged or lies about its size, Error{unsupported}
// for a legal one that sonde does not read; both name `name`.
PictureHeader parse_png(const std::string& name, ByteView file);
PictureHeader parse_jpeg(const std::string& name, ByteView file);
PictureHeader parse_bmp(const std::string& name, ByteView file);
// Throws Error{usage} if the page is not there.
PictureHeader parse_tiff(const std::string& name, ByteView file, std::int64_t page);

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
