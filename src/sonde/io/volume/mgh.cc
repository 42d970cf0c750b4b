// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>

#include "sonde/io/formats.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/stored_image.h"

// FreeSurfer's MGH and its gzip, MGZ: a header of 284 bytes, the voxels, then what sonde has no use for. All
// numbers are big-endian. surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat is the standard.
namespace sonde {
namespace {

constexpr std::size_t kHeaderBytes = 284;

class MghHeader {
 public:
  MghHeader(const std::string& name, ByteView bytes) : name_(name), bytes_(bytes) {
    if (bytes.size() < kHeaderBytes)
      refuse_corrupt(name,
                     "cut: an MGH header has 284 bytes, the file holds " + std::to_string(bytes.size()));
    if (integer(0) != 1)
      refuse_corrupt(name,
                     "is not an MGH file: its version is " + std::to_string(integer(0)) + ", must be 1");
  }
  const std::string& name() const { return name_; }

  std::int32_t integer(std::size_t at) const { return static_cast<std::int32_t>(word(at)); }
  double real(std::size_t at) const { return std::bit_cast<float>(word(at)); }
  Vec3 vector(std::size_t at) const { return {real(at), real(at + 4), real(at + 8)}; }
  bool has_geometry() const { return static_cast<std::int16_t>(word(28) >> 16) > 0; }

 private:
  std::uint32_t word(std::size_t at) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes_[at + i]);
    return value;
  }
  const std::string& name_;
  ByteView bytes_;
};

SampleType type_of(const MghHeader& header) {
  switch (const std::int32_t type = header.integer(20)) {
    case 0:
      return SampleType::uint8;
    case 1:
      return SampleType::int32;
    case 3:
      return SampleType::float32;
    case 4:
      return SampleType::int16;
    case 10:
      return SampleType::uint16;
    default:
      refuse_unsupported(header.name(), "MGH type " + std::to_string(type) +
                                            " is not read: 0, 1, 3, 4 and 10 are (8-bit, 32-bit, float, "
                                            "16-bit and unsigned 16-bit)");
  }
}

// The file gives the direction and spacing of each axis and where the middle of the volume is, in RAS+.
void set_geometry(StoredImage& image, const MghHeader& header) {
  std::array<Vec3, 3> directions{Vec3{-1, 0, 0}, Vec3{0, 0, -1}, Vec3{0, 1, 0}};
  std::array<double, 3> spacing{1, 1, 1};
  Vec3 middle;
  if (header.has_geometry()) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      spacing[axis] = header.real(30 + 4 * axis);
      directions[axis] = header.vector(42 + 12 * axis);
    }
    middle = header.vector(78);
  } else {
    image.notes.emplace_back(
        "no orientation in the file: taken as coronal slices with voxels of 1 mm, as FreeSurfer does");
  }
  Affine3 ras;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const Vec3 d = directions[axis];
    ras.columns[axis] = {d.x * spacing[axis], d.y * spacing[axis], d.z * spacing[axis]};
  }
  const Vec3 half = transform(ras, {static_cast<double>(image.geometry.extent.x) / 2,
                                    static_cast<double>(image.geometry.extent.y) / 2,
                                    static_cast<double>(image.geometry.extent.z) / 2});
  ras.origin = {middle.x - half.x, middle.y - half.y, middle.z - half.z};
  image.geometry.mm_from_voxel = flip_world_xy(ras);
  require_usable(header.name(), "its direction cosines", *image.geometry.mm_from_voxel);
  for (auto& note : notes_on(*image.geometry.mm_from_voxel)) image.notes.push_back(std::move(note));
}

StoredImage image_of(const MghHeader& header) {
  StoredImage image;
  image.format = "FreeSurfer MGH";
  image.type = type_of(header);
  image.order = ByteOrder::big;
  image.geometry.extent = {header.integer(4), header.integer(8), header.integer(12)};
  image.frame_count = header.integer(16);
  image.trailer = StoredImage::Trailer::usual;
  checked_bytes(header.name(), image);
  set_geometry(image, header);
  return image;
}

OpenedImage open_mgh(const std::filesystem::path& path) {
  MappedFile file(path);
  const Packing packing = starts_as_gzip(file.bytes()) ? Packing::gzip : Packing::plain;
  PackedStream stream(path.string(), std::move(file), {}, packing);
  std::vector<std::byte> head(kHeaderBytes);
  head.resize(stream.read(head));
  StoredImage image = image_of(MghHeader(stream.name(), head));
  if (packing == Packing::gzip) image.format = "FreeSurfer MGZ";
  return {std::move(image), std::move(stream)};
}

}  // namespace

Volume read_mgh(const std::filesystem::path& path, const ReadOptions& options) {
  return read_opened(open_mgh(path), options);
}

FileInfo inspect_mgh(const std::filesystem::path& path) { return inspect_opened(open_mgh(path), path); }

std::int64_t count_mgh_frames(const std::filesystem::path& path) { return frames_announced(open_mgh(path)); }

}  // namespace sonde
