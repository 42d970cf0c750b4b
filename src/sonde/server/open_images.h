// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sonde/annotate/objects.h"
#include "sonde/imaging/image_geometry.h"
#include "sonde/imaging/volume.h"
#include "sonde/imaging/window.h"
#include "sonde/server/wire.h"

namespace sonde {

// An image in memory, with what is worked out of its voxels once.
class OpenImage {
 public:
  explicit OpenImage(Volume volume);

  const Volume& volume() const { return volume_; }
  const ImageGeometry& geometry() const { return volume_.geometry; }
  wire::PictureType picture_type() const { return type_; }
  std::array<double, 2> range() const { return range_; }  // of the finite values
  std::uint64_t bytes() const;
  PlaneRef default_plane() const;
  const UsedWindow& default_window() const { return default_window_; }

  // Throw Error{usage} for a plane or window that there is not.
  Picture picture(const PlaneRef& plane) const;
  RgbImage seen_by_network(const PlaneRef& plane, const std::string& window) const;

 private:
  UsedWindow resolved(const WindowChoice& choice, const Picture& slice) const;

  Volume volume_;
  wire::PictureType type_;
  std::array<double, 2> range_;
  UsedWindow automatic_window_, default_window_;
};

// The images that were used last, as many as fit `limit_bytes` (the last one always). An image that is asked
// for twice at once is read once; one that cannot be read is tried again at the next call. Safe to use from
// several threads.
class OpenImages {
 public:
  using Read = std::function<std::shared_ptr<const OpenImage>(ImageId)>;
  OpenImages(Read read, std::uint64_t limit_bytes) : read_(std::move(read)), limit_bytes_(limit_bytes) {}

  // Throws what reading throws.
  std::shared_ptr<const OpenImage> open(ImageId id);

 private:
  using Result = std::shared_future<std::shared_ptr<const OpenImage>>;
  struct Entry {
    ImageId id = 0;
    Result image;
    std::uint64_t bytes = 0;  // 0 while it is read
  };
  void finish(ImageId id, std::uint64_t bytes);
  void forget(ImageId id);

  Read read_;
  std::uint64_t limit_bytes_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // last used first
};

}  // namespace sonde
