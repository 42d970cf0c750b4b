// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sonde/annotate/objects.h"
#include "sonde/imaging/volume.h"

namespace sonde {

// Reads the image of a project's entry. Throws Error as read_volume does (io/read.h).
Volume read_image(const ImageSource& source);

// Of the voxels that were read, whatever file they came in.
std::string content_sha256(const Volume& volume);
// `volume` is what read_image(source) gave, `stamp` what stamp_of(source) was before that: so a change
// meanwhile is seen later.
ImageContent content_of(const ImageSource& source, const Volume& volume, std::string stamp);
// Of names, sizes and times of the files, without reading them: another stamp may mean another content. A
// file that is changed gets another time of change of its inode, which no program sets back; so equal stamps
// mean equal files, whatever their times of modification say.
std::string stamp_of(const ImageSource& source);

}  // namespace sonde
