// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sonde/annotate/objects.h"
#include "sonde/imaging/volume.h"

namespace sonde {

// Reads the image of a project's entry. Throws Error as read_volume does (io/read.h).
Volume read_image(const ImageSource& source);

}  // namespace sonde
