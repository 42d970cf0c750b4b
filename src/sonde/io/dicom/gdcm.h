// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gdcmDataSet.h>
#include <gdcmReader.h>
#include <gdcmSequenceOfItems.h>
#include <gdcmTag.h>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/io/dicom/header.h"

// GDCM's view of a file. Only for the child process of run_isolated: GDCM aborts on malformed files.
namespace sonde::dicom {

using gdcm::DataSet;
using gdcm::Tag;

// Text without the padding; empty where the element is absent.
std::string text(const DataSet& data, const Tag& tag);
// The same as one line of UTF-8, by the data set's character set.
std::string shown_text(const DataSet& data, const Tag& tag);
// Numbers written as text (DS, IS). Values that are not numbers are not-a-number.
std::vector<double> numbers(const DataSet& data, const Tag& tag);
std::optional<double> number(const DataSet& data, const Tag& tag);
// 16-bit numbers (US, SS as its bits).
std::vector<std::uint16_t> shorts(const DataSet& data, const Tag& tag);
std::vector<std::byte> raw(const DataSet& data, const Tag& tag);
bool has(const DataSet& data, const Tag& tag);
gdcm::SmartPointer<gdcm::SequenceOfItems> sequence(const DataSet& data, const Tag& tag);

// A parsed data set and the place of its pixels in the file.
class File {
 public:
  // Throws Error naming `path`.
  explicit File(const std::filesystem::path& path);

  const DataSet& data_set() const { return reader_->GetFile().GetDataSet(); }
  const std::string& transfer_syntax() const { return transfer_syntax_; }
  const std::string& media_storage() const {
    return media_storage_;
  }  // UID of the file's class, may be empty
  bool is_big_endian() const { return transfer_syntax_ == "1.2.840.10008.1.2.2"; }

  bool has_pixels() const { return pixels_found_; }
  bool is_encapsulated() const { return encapsulated_; }
  bool pixels_are_bytes() const { return pixels_are_bytes_; }  // OB, not OW: never swapped
  std::uint64_t declared_pixel_length() const { return declared_length_; }
  // From the first byte of the pixel element's value to its end, or to the end of the file if that comes
  // first.
  ByteView pixels() const { return pixels_; }

 private:
  bool parse(ByteView bytes);
  void locate_pixels(std::size_t value_at);

  std::optional<MappedFile> mapped_;
  std::vector<std::byte> rebuilt_, rewritten_;
  ByteView bytes_;  // mapped_ or rebuilt_
  std::string transfer_syntax_, media_storage_;
  std::unique_ptr<std::streambuf> buffer_;
  std::unique_ptr<std::istream> stream_;
  std::unique_ptr<gdcm::Reader> reader_;
  bool pixels_found_ = false, encapsulated_ = false, pixels_are_bytes_ = false;
  std::uint64_t declared_length_ = 0;
  ByteView pixels_;
};

// All that is to be known before the pixels are decoded. Throws Error naming `path` for what is not read.
DicomHeader parse_header(const std::filesystem::path& path, const File& file);

// The frame's values: float with the rescale applied, or three bytes a pixel.
void append_frame(const std::filesystem::path& path, const File& file, const DicomHeader& header,
                  std::int64_t frame, std::vector<std::byte>& out);

// The Modality LUT (PS3.3, C.11.1.1): what each stored value from `first` on becomes; those beyond its ends
// take the value there.
struct ModalityTable {
  std::int64_t first = 0;
  std::vector<std::uint16_t> values;
  double at(std::int64_t stored) const;
};
// Nothing where there is none. Throws Error naming `path` for one that is cut.
std::optional<ModalityTable> modality_table(const std::filesystem::path& path, const DataSet& data,
                                            bool is_signed);

// The compressed frames of the pixel element: the fragments of `frame` joined. Throws Error naming `path`.
std::vector<std::byte> compressed_frame(const std::filesystem::path& path, const File& file,
                                        const DicomHeader& header, std::int64_t frame);

// Samples of one frame, colour by pixel, in the machine's byte order.
struct Samples {
  std::vector<std::byte> bytes{};
  std::int32_t bits_allocated = 0, bits_stored = 0, high_bit = 0;
  bool is_signed = false;
  bool is_rgb = false;  // whatever the header says of luminance and chrominance
};
Samples native_samples(const File& file, const DicomHeader& header, std::int64_t frame);
Samples decompressed_samples(const std::filesystem::path& path, const File& file, const DicomHeader& header,
                             std::int64_t frame);

std::int64_t native_frame_bits(const DicomHeader& header);

}  // namespace sonde::dicom
