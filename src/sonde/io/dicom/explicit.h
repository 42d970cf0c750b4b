// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "sonde/core/bytes.h"

namespace sonde {

// A data set up to its pixels, written again in the plainest form. For those that GDCM stops in, although
// other readers do not: sequences of unknown elements (VR UN of undefined length, implicit little endian
// within, PS3.5, 6.2.2) in big endian, value representations that no standard knows.
struct ExplicitDataSet {
  std::vector<std::byte> elements;  // explicit little endian; neither private elements nor values above 1 MiB
  std::size_t pixels_at = 0;        // where the value of the pixel element begins in the data set given
  bool is_odd = false;              // it has any of these
};
// `syntax`: the UID of the encoding of its elements. Nothing where no pixel element is reached.
std::optional<ExplicitDataSet> as_explicit_data_set(ByteView data_set, std::string_view syntax);

}  // namespace sonde
