// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/io/volume/samples.h"

namespace sonde {

struct NpyHeader {
  SampleType type = SampleType::uint8;
  ByteOrder order = ByteOrder::little;
  bool is_bool = false;                                 // stored as uint8 0 or 1
  enum class Layout { c, fortran } layout = Layout::c;  // last or first index fastest
  std::vector<std::int64_t> shape;
  std::size_t end = 0;  // of the header in its file
};

bool starts_as_npy(ByteView head);

// The header of an .npy file, versions 1 to 3, parsed by hand: a dictionary of exactly descr, fortran_order
// and shape. Throws Error{corrupt_data}, and Error{unsupported} for types that are not real numbers (objects
// hold code and are never read). Source: numpy.lib.format's documentation.
NpyHeader parse_npy_header(const std::string& name, ByteView file);

}  // namespace sonde
