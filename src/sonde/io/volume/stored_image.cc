// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/volume/stored_image.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <new>

#include "sonde/core/error.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

// What may follow the last voxel of a compressed file; beyond it nobody wrote that by accident.
constexpr std::uint64_t kMaxTrailing = std::uint64_t{1} << 20;
constexpr std::int64_t kChunkBytes = std::int64_t{1} << 20;

std::int64_t frames_in(const StoredImage& image) {
  return image.channels == Channels::frames ? image.channel_count : image.frame_count;
}

std::int64_t voxel_bytes(const StoredImage& image) { return byte_size(image.type) * image.channel_count; }

bool is_eight_bit(const StoredImage& image) {
  return image.type == SampleType::uint8 && image.type_name.empty() && image.scaling == Scaling{};
}

std::string stored_type(const StoredImage& image) {
  std::string type = image.type_name.empty() ? std::string(to_string(image.type)) : image.type_name;
  if (image.channels != Channels::colour) return type;
  return type + (image.channel_count == 4 ? " rgba" : " rgb");
}

void check_scaling(const std::string& name, const StoredImage& image) {
  const Scaling& scaling = image.scaling;
  if (!std::isfinite(scaling.slope) || !std::isfinite(scaling.intercept))
    refuse_corrupt(name, "its intensity slope or intercept is not a finite number");
  const auto largest = largest_scaled(image.type, scaling);
  if (largest && *largest > std::numeric_limits<float>::max()) {
    refuse_corrupt(name, "its intensity slope and intercept take " + std::string(to_string(image.type)) +
                             " values beyond 32-bit floating point");
  }
}

[[noreturn]] void refuse_cut(const PackedStream& samples, std::uint64_t needed, std::uint64_t there) {
  refuse_corrupt(samples.name(), "cut: its header announces " + std::to_string(needed) +
                                     " bytes of voxels, the file holds " + std::to_string(there));
}

// Before anything is allocated: plain files must be long enough, compressed ones must be able to be.
std::uint64_t require_room(const OpenedImage& opened) {
  const auto needed = static_cast<std::uint64_t>(checked_bytes(opened.samples.name(), opened.image));
  if (needed > opened.samples.at_most()) {
    const bool packed = opened.samples.packing() != Packing::plain;
    if (!packed) refuse_cut(opened.samples, needed, opened.samples.at_most());
    refuse_corrupt(opened.samples.name(), "its header announces " + std::to_string(needed) +
                                              " bytes of voxels, more than its compressed data can hold");
  }
  return needed;
}

// Reads what is left, which verifies checksums and lengths; gives notes.
std::vector<std::string> finish(OpenedImage& opened, std::uint64_t still_needed, std::uint64_t needed) {
  PackedStream& samples = opened.samples;
  const std::uint64_t skipped = samples.skip(still_needed);
  if (skipped < still_needed) refuse_cut(samples, needed, needed - still_needed + skipped);
  const auto rest = samples.drain(std::max(kMaxTrailing, needed));
  std::vector<std::string> notes;
  if (rest.data > 0 && opened.image.trailer == StoredImage::Trailer::unexpected)
    notes.push_back(std::to_string(rest.data) + " bytes after the last voxel are ignored");
  if (rest.garbage > 0)
    notes.push_back(std::to_string(rest.garbage) + " bytes after the compressed data are ignored");
  return notes;
}

std::int64_t requested_frame(const std::string& name, const StoredImage& image, const ReadOptions& options) {
  const std::int64_t frame = options.frame.value_or(0);
  const std::int64_t count = frames_in(image);
  if (frame >= 0 && frame < count) return frame;
  throw Error(ErrorKind::usage,
              name + ": frame " + std::to_string(frame) + " is not there: " +
                  (count == 1 ? "only frame 0 is" : "0.." + std::to_string(count - 1) + " are"));
}

// Appends the voxels of one chunk of stored bytes to the volume.
void append_voxels(Volume& volume, ByteView stored, const StoredImage& image) {
  const std::size_t count = stored.size() / static_cast<std::size_t>(voxel_bytes(image));
  if (image.channels == Channels::colour) {
    for (std::size_t i = 0; i < count; ++i) {
      const ByteView voxel = stored.subspan(i * static_cast<std::size_t>(image.channel_count), 3);
      for (const std::byte channel : voxel) volume.rgb.push_back(static_cast<std::uint8_t>(channel));
    }
    return;
  }
  const bool interleaved = image.channels == Channels::frames;
  const auto start = static_cast<std::size_t>(interleaved ? volume.frame * byte_size(image.type) : 0);
  const SampleFormat format{image.type, image.order, image.scaling, interleaved ? image.channel_count : 1};
  const std::size_t at = volume.voxels.size();
  volume.voxels.resize(at + count);
  convert_samples(stored.subspan(start), format, std::span(volume.voxels).subspan(at));
}

void read_voxels(Volume& volume, PackedStream& samples, const StoredImage& image, std::uint64_t needed) {
  const std::int64_t count = voxel_count(image.geometry.extent);
  const std::int64_t frame_bytes = count * voxel_bytes(image);
  const std::int64_t before = image.channels == Channels::frames ? 0 : volume.frame * frame_bytes;
  const std::uint64_t skipped = samples.skip(static_cast<std::uint64_t>(before));
  if (skipped < static_cast<std::uint64_t>(before)) refuse_cut(samples, needed, skipped);
  // Memory that is reserved and not touched costs nothing: a lying compressed file ends before it is.
  image.channels == Channels::colour ? volume.rgb.reserve(static_cast<std::size_t>(count * 3))
                                     : volume.voxels.reserve(static_cast<std::size_t>(count));
  const std::int64_t chunk_voxels = std::max<std::int64_t>(1, kChunkBytes / voxel_bytes(image));
  std::vector<std::byte> chunk(static_cast<std::size_t>(std::min(chunk_voxels, count) * voxel_bytes(image)));
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t step = std::min(chunk_voxels, count - done);
    const auto wanted = std::span(chunk).first(static_cast<std::size_t>(step * voxel_bytes(image)));
    const std::size_t got = samples.read(wanted);
    if (got < wanted.size())
      refuse_cut(samples, needed, static_cast<std::uint64_t>(before + done * voxel_bytes(image)) + got);
    append_voxels(volume, wanted, image);
    done += step;
  }
}

}  // namespace

std::int64_t checked_bytes(const std::string& name, const StoredImage& image) {
  const std::array<std::int64_t, 5> sizes{image.geometry.extent.x, image.geometry.extent.y,
                                          image.geometry.extent.z, image.frame_count, image.channel_count};
  const std::int64_t samples = checked_count(name, sizes);
  check_scaling(name, image);
  return samples * byte_size(image.type);
}

Volume read_opened(OpenedImage opened, const ReadOptions& options) {
  auto& [image, samples] = opened;
  const std::uint64_t needed = require_room(opened);
  Volume volume;
  volume.geometry = image.geometry;
  volume.photometric = image.channels == Channels::colour ? Photometric::rgb : Photometric::grey;
  volume.eight_bit = is_eight_bit(image);
  volume.frame = requested_frame(samples.name(), image, options);
  volume.frame_count = frames_in(image);
  volume.notes = image.notes;
  try {
    read_voxels(volume, samples, image, needed);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::unavailable, samples.name() + ": not enough memory for " +
                                            std::to_string(voxel_count(image.geometry.extent)) + " voxels");
  }
  const std::uint64_t frame_bytes = needed / static_cast<std::uint64_t>(image.frame_count);
  const auto later = static_cast<std::uint64_t>(
      image.channels == Channels::frames ? 0 : image.frame_count - 1 - volume.frame);
  for (auto& note : finish(opened, later * frame_bytes, needed)) volume.notes.push_back(std::move(note));
  return volume;
}

FileInfo inspect_opened(OpenedImage opened, const std::filesystem::path& path) {
  auto& [image, samples] = opened;
  const std::uint64_t needed = require_room(opened);
  ImageInfo info;
  info.stored_type = stored_type(image);
  info.geometry = image.geometry;
  info.frame_count = frames_in(image);
  info.photometric = image.channels == Channels::colour ? Photometric::rgb : Photometric::grey;
  info.eight_bit = is_eight_bit(image);
  info.notes = image.notes;
  info.segments = image.segments;
  for (auto& note : finish(opened, needed, needed)) info.notes.push_back(std::move(note));
  return {.path = path, .format = image.format, .images = {std::move(info)}, .refused = {}};
}

std::int64_t frames_announced(const OpenedImage& opened) {
  require_room(opened);
  return frames_in(opened.image);
}

}  // namespace sonde
