// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sonde/core/bytes.h"

// The first elements of a DICOM file (preamble, group 0002), read without GDCM, which refuses or aborts on
// many odd ones.
namespace sonde {

struct DicomMeta {
  std::string transfer_syntax;  // UID; guessed from the data set where the file does not say it
  // UID of the encoding that the data elements have; differs from the above for compressed pixels and for
  // files that lie.
  std::string element_syntax;
  std::string media_storage;  // UID, may be empty
  std::size_t data_set_at = 0;
  bool is_usual = false;  // preamble, and a transfer syntax in group 0002 that the data elements keep to
};
DicomMeta parse_dicom_meta(ByteView file);

// A preamble, the least group 0002 and the data set.
std::vector<std::byte> with_dicom_meta(const std::string& transfer_syntax, ByteView data_set);

// "DICM" behind the preamble, or two data elements of groups 0002 or 0008 in ascending order.
bool looks_like_dicom(ByteView head);
// "DICM" after 128 bytes of anything, which may look like another format (PS3.10, 7.1).
bool has_dicom_preamble(ByteView head);

}  // namespace sonde
