// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sonde/io/formats.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/npy_header.h"
#include "sonde/io/volume/stored_image.h"

// NumPy arrays: [rows, columns] is a picture, [slices, rows, columns] a volume, [frames, slices, rows,
// columns] a series of them; a last axis of 3 or 4 uint8 is colour.
namespace sonde {
namespace {

StoredImage image_of(const std::string& name, const NpyHeader& header) {
  StoredImage image;
  image.format = "NumPy array";
  image.type = header.type;
  image.order = header.order;
  if (header.is_bool) image.type_name = "bool";
  std::vector<std::int64_t> sizes = header.shape;
  checked_count(name, sizes);
  const bool colour = sizes.size() >= 3 && header.type == SampleType::uint8 && !header.is_bool &&
                      (sizes.back() == 3 || sizes.back() == 4);
  if (colour) {
    image.channels = Channels::colour;
    image.channel_count = sizes.back();
    if (image.channel_count == 4) image.notes.emplace_back("the alpha channel is ignored");
    sizes.pop_back();
  }
  if (sizes.size() < 2 || sizes.size() > 4) {
    refuse_unsupported(
        name, "an array of " + std::to_string(header.shape.size()) +
                  " dimensions is not read: pictures have two, volumes three, series of volumes four");
  }
  std::ranges::reverse(sizes);
  sizes.resize(4, 1);
  image.geometry.extent = {sizes[0], sizes[1], sizes[2]};
  image.frame_count = sizes[3];
  return image;
}

// The bytes of an array with its first index fastest, put in the order with its last index fastest.
std::vector<std::byte> last_index_fastest(ByteView stored, const std::vector<std::int64_t>& shape,
                                          std::size_t item) {
  std::vector<std::byte> ordered;
  ordered.reserve(stored.size());
  std::vector<std::int64_t> index(shape.size(), 0);
  while (ordered.size() < stored.size()) {
    std::size_t at = 0;
    for (std::size_t axis = shape.size(); axis-- > 0;)
      at = at * static_cast<std::size_t>(shape[axis]) + static_cast<std::size_t>(index[axis]);
    const ByteView value = stored.subspan(at * item, item);
    ordered.insert(ordered.end(), value.begin(), value.end());
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return ordered;
}

enum class Purpose { inspect, read };  // to inspect, the order of the samples does not matter

OpenedImage open_npy(const std::filesystem::path& path, Purpose purpose) {
  const std::string name = path.string();
  MappedFile file(path);
  const NpyHeader header = parse_npy_header(name, file.bytes());
  StoredImage image = image_of(name, header);
  const auto needed = static_cast<std::size_t>(checked_bytes(name, image));
  const ByteView stored = file.bytes().subspan(header.end);
  if (purpose == Purpose::read && header.layout == NpyHeader::Layout::fortran && needed <= stored.size()) {
    auto ordered = last_index_fastest(stored.first(needed), header.shape,
                                      static_cast<std::size_t>(byte_size(header.type)));
    const ByteView trailing = stored.subspan(needed);
    ordered.insert(ordered.end(), trailing.begin(), trailing.end());  // counted and noted as in any file
    return {std::move(image), PackedStream(name, std::move(ordered))};
  }
  return {std::move(image), PackedStream(name, std::move(file), {header.end, SIZE_MAX}, Packing::plain)};
}

}  // namespace

Volume read_npy(const std::filesystem::path& path, const ReadOptions& options) {
  return read_opened(open_npy(path, Purpose::read), options);
}

FileInfo inspect_npy(const std::filesystem::path& path) {
  return inspect_opened(open_npy(path, Purpose::inspect), path);
}

std::int64_t count_npy_frames(const std::filesystem::path& path) {
  return frames_announced(open_npy(path, Purpose::inspect));
}

}  // namespace sonde
