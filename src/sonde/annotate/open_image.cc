// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/open_image.h"

#include "sonde/io/read.h"

namespace sonde {

Volume read_image(const ImageSource& source) {
  return read_volume(source.path, {.frame = source.frame, .series = source.series});
}

}  // namespace sonde
