// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/server/wire.h"

namespace sonde::wire {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie in memory");

constexpr std::uint32_t kOwnMask = 0xFFFFFFFF;

template <typename T>
void append_number(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);  // NOLINT: a number's bytes
}

void append_u32(std::string& bytes, std::int64_t value) {
  if (value < 0 || value > std::int64_t{kOwnMask})
    throw Error(ErrorKind::internal, "a number beyond 32 bits in a binary answer");
  append_number(bytes, static_cast<std::uint32_t>(value));
}

void append_leb128(std::string& bytes, std::uint64_t value) {
  for (; value >= 128; value >>= 7) bytes += static_cast<char>(0x80 | (value & 0x7F));
  bytes += static_cast<char>(value);
}

// Lengths row by row within the box, which holds all of the picture's pixels: outside first, in turn.
std::string runs_in(const RunLengthMask& picture, const VoxelBounds& box) {
  const std::int64_t width = box.i1 - box.i0 + 1, height = box.j1 - box.j0 + 1;
  std::string runs;
  std::int64_t written = 0;         // pixels of the box
  std::int64_t begin = 0, end = 0;  // of the pixels inside that are not written yet
  const auto write = [&](std::int64_t up_to) {
    append_leb128(runs, static_cast<std::uint64_t>(up_to - written));
    written = up_to;
  };
  for (const VoxelRun& run : picture.runs) {
    auto first = static_cast<std::int64_t>(run.first);
    for (const std::int64_t last = first + static_cast<std::int64_t>(run.count); first < last;) {
      const std::int64_t row = first / picture.extent.x, i = first % picture.extent.x;
      const std::int64_t count = std::min(last - first, picture.extent.x - i);
      const std::int64_t at = (row - box.j0) * width + i - box.i0;
      if (at != end) {
        if (begin < end) write(begin), write(end);
        begin = at;
      }
      end = at + count;
      first += count;
    }
  }
  write(begin);
  write(end);
  if (end < width * height) write(width * height);
  return runs;
}

void append_box_and_runs(std::string& bytes, const VoxelBounds& box, const std::string& runs) {
  for (const std::int64_t number : {box.i0, box.j0, box.i1 - box.i0 + 1, box.j1 - box.j0 + 1})
    append_u32(bytes, number);
  append_u32(bytes, static_cast<std::int64_t>(runs.size()));
  bytes += runs;
}

void append_mask(std::string& bytes, const ObjectMask& mask) {
  append_u32(bytes, mask.object);
  append_u32(bytes, mask.candidate ? static_cast<std::int64_t>(*mask.candidate) : kOwnMask);
  append_u32(bytes, mask.revision);
  const auto box = bounds(mask.pixels);
  append_box_and_runs(bytes, box.value_or(VoxelBounds{0, 0, 0, -1, -1, 0}),
                      box ? runs_in(mask.pixels, *box) : "");
}

void append_head(std::string& bytes, std::string_view name, std::uint8_t type = 0) {
  bytes += name;
  bytes += '\1';  // the version
  bytes += static_cast<char>(type);
  bytes.append(2, '\0');
}

template <typename T>
bool holds_all(double least, double most) {
  return least >= static_cast<double>(std::numeric_limits<T>::min()) &&
         most <= static_cast<double>(std::numeric_limits<T>::max());
}

template <typename T>
void append_values(std::string& bytes, const std::vector<float>& values) {
  std::vector<T> converted(values.size());
  std::transform(values.begin(), values.end(), converted.begin(),
                 [](float value) { return static_cast<T>(value); });
  bytes.append(reinterpret_cast<const char*>(converted.data()),  // NOLINT: numbers' bytes
               converted.size() * sizeof(T));
}

}  // namespace

std::string encode_bundle(const Bundle& bundle) {
  const std::string head = json_text(to_json(bundle));
  std::string masks;
  append_head(masks, "SNDM");
  append_u32(masks, static_cast<std::int64_t>(bundle.masks.size()));
  for (const ObjectMask& mask : bundle.masks) append_mask(masks, mask);
  std::string bytes;
  append_head(bytes, "SNDB");
  append_u32(bytes, static_cast<std::int64_t>(head.size()));
  append_u32(bytes, static_cast<std::int64_t>(masks.size()));
  return bytes + head + masks;
}

std::string encode_mask(std::int64_t number, const Rle& rle, const Box2& box) {
  Mask inside = decode_rle(rle, box);
  const Extent3 extent{inside.extent.width, inside.extent.height, 1};
  const RunLengthMask pixels = voxels_from_mask({extent, std::move(inside.pixels)});
  const auto x0 = static_cast<std::int64_t>(box.x0), y0 = static_cast<std::int64_t>(box.y0);
  std::string bytes;
  append_u32(bytes, number);
  append_u32(bytes, kOwnMask);
  append_u32(bytes, 0);  // it has no revision
  append_box_and_runs(bytes, {x0, y0, 0, x0 + extent.x - 1, y0 + extent.y - 1, 0},
                      runs_in(pixels, {0, 0, 0, extent.x - 1, extent.y - 1, 0}));
  return bytes;
}

std::string encode_masks(std::span<const std::string_view> encoded) {
  std::string bytes;
  append_head(bytes, "SNDM");
  append_u32(bytes, static_cast<std::int64_t>(encoded.size()));
  for (const std::string_view mask : encoded) bytes += mask;
  return bytes;
}

PictureType picture_type(const Volume& volume) {
  if (volume.photometric == Photometric::rgb) return PictureType::rgb;
  double least = 0, most = 0;
  for (const float value : volume.voxels) {
    if (!(std::trunc(value) == value)) return PictureType::float32;  // also what is not a number
    least = std::min<double>(least, value);
    most = std::max<double>(most, value);
  }
  if (holds_all<std::uint8_t>(least, most)) return PictureType::grey8;
  if (holds_all<std::int16_t>(least, most)) return PictureType::int16;
  if (holds_all<std::uint16_t>(least, most)) return PictureType::uint16;
  return PictureType::float32;
}

std::string encode_picture(const Picture& picture, PictureType type) {
  std::string bytes;
  append_head(bytes, "SNDP", static_cast<std::uint8_t>(type));
  append_u32(bytes, picture.extent.width);
  append_u32(bytes, picture.extent.height);
  switch (type) {
    case PictureType::grey8:
      append_values<std::uint8_t>(bytes, picture.grey);
      break;
    case PictureType::rgb:
      bytes.append(picture.rgb.begin(), picture.rgb.end());
      break;
    case PictureType::int16:
      append_values<std::int16_t>(bytes, picture.grey);
      break;
    case PictureType::uint16:
      append_values<std::uint16_t>(bytes, picture.grey);
      break;
    case PictureType::float32:
      append_values<float>(bytes, picture.grey);
      break;
  }
  return bytes;
}

}  // namespace sonde::wire
