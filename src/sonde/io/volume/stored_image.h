// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sonde/io/read.h"
#include "sonde/io/volume/gzip.h"
#include "sonde/io/volume/samples.h"

// What a header of NIfTI, NRRD, MetaImage or npy comes down to, and the one way from there to a Volume or its
// description.
namespace sonde {

// What the samples stored together at one voxel are.
// colour: 3 or 4 uint8, a fourth is ignored; frames: one sample of each.
enum class Channels { single, colour, frames };

struct StoredImage {
  std::string format;  // "NIfTI-1 (gzip)"
  SampleType type = SampleType::uint8;
  ByteOrder order = ByteOrder::little;
  std::string type_name;  // where it differs: "bool"
  ImageGeometry geometry;
  Channels channels = Channels::single;
  std::int64_t channel_count = 1;
  std::int64_t frame_count = 1;  // whole volumes, one after the other
  Scaling scaling;
  std::vector<std::string> notes;
  std::vector<SegmentInfo> segments;
  // What follows the last voxel: usual where the format has more to say there.
  enum class Trailer { unexpected, usual } trailer = Trailer::unexpected;
};

// A checked header, and its samples from the first one on.
struct OpenedImage {
  StoredImage image;
  PackedStream samples;
};

// Bytes of all samples. Throws Error{corrupt_data} naming `name` for a size below 1 or a product that no file
// holds, and for scaling that is not finite or takes integers beyond a float.
std::int64_t checked_bytes(const std::string& name, const StoredImage& image);

// Both read the whole file: a cut or damaged one is refused wherever the fault lies. Only the requested frame
// is kept.
Volume read_opened(OpenedImage opened, const ReadOptions& options);
FileInfo inspect_opened(OpenedImage opened, const std::filesystem::path& path);
// From the header; reads no sample.
std::int64_t frames_announced(const OpenedImage& opened);

}  // namespace sonde
