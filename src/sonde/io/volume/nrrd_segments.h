// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sonde/io/read.h"

namespace sonde {

// Keys and values ("key:=value") of a NRRD header, unescaped.
using NrrdKeys = std::map<std::string, std::string, std::less<>>;

// The segments that 3D Slicer describes in keys, in the order of their numbers: SegmentN_Name, _LabelValue
// and _Layer (slicer.readthedocs.io, "Segmentations", file format). Where several layers exist and none is
// named, as before Slicer 4.11, segment N is the value 1 of layer N. Throws Error{corrupt_data} naming the
// file for values that are not numbers, a layer that is not there, a name that is not one short line, and two
// segments of one value in a layer.
std::vector<SegmentInfo> nrrd_segments(const std::string& file, const NrrdKeys& keys, std::int64_t layers);

}  // namespace sonde
