// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/open_images.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sonde/core/error.h"

namespace sonde {
namespace {

std::array<double, 2> range_of(const Volume& volume) {
  if (volume.photometric == Photometric::rgb) return {0, 255};
  double least = INFINITY, most = -INFINITY;
  for (const float value : volume.voxels) {
    if (!std::isfinite(value)) continue;
    least = std::min<double>(least, value);
    most = std::max<double>(most, value);
  }
  return least <= most ? std::array{least, most} : std::array{0.0, 0.0};
}

}  // namespace

OpenImage::OpenImage(Volume volume)
    : volume_(std::move(volume)), type_(wire::picture_type(volume_)), range_(range_of(volume_)) {
  const bool has_own = volume_.photometric == Photometric::rgb || volume_.file_window || volume_.eight_bit;
  if (volume_.photometric != Photometric::rgb)
    automatic_window_ = resolve_window({WindowChoice::Kind::automatic, "auto", {}}, volume_, {});
  default_window_ = has_own ? resolve_window({}, volume_, {}) : automatic_window_;
}

std::uint64_t OpenImage::bytes() const { return volume_.voxels.size() * sizeof(float) + volume_.rgb.size(); }

PlaneRef OpenImage::default_plane() const {
  const Axis axis = default_axis(volume_.geometry);
  return {axis, slice_plane(volume_.geometry, axis).slice_count / 2};
}

Picture OpenImage::picture(const PlaneRef& plane) const {
  return extract_slice(volume_, checked_plane(volume_.geometry, plane), plane.slice);
}

UsedWindow OpenImage::resolved(const WindowChoice& choice, const Picture& slice) const {
  const bool is_grey = volume_.photometric != Photometric::rgb;
  if (is_grey && choice.kind == WindowChoice::Kind::automatic) return automatic_window_;
  return resolve_window(choice, volume_, slice);
}

RgbImage OpenImage::seen_by_network(const PlaneRef& plane, const std::string& window) const {
  const WindowChoice choice = parse_window(window);
  const Picture slice = picture(plane);
  return apply_window(slice, resolved(choice, slice));
}

std::shared_ptr<const OpenImage> OpenImages::open(ImageId id) {
  std::promise<std::shared_ptr<const OpenImage>> promise;
  Result result;
  {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const auto& e) { return e.id == id; });
    if (found != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, found);
      result = found->image;
    } else {
      entries_.push_front({id, promise.get_future().share(), 0});
    }
  }
  if (result.valid()) return result.get();
  try {
    auto image = read_(id);
    finish(id, image->bytes());
    promise.set_value(image);
    return image;
  } catch (...) {
    forget(id);
    promise.set_exception(std::current_exception());
    throw;
  }
}

void OpenImages::finish(ImageId id, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  std::uint64_t total = 0;
  for (Entry& entry : entries_) {
    if (entry.id == id) entry.bytes = bytes;
    total += entry.bytes;
  }
  // From the oldest use; what is being read has no size yet and stays.
  for (auto entry = entries_.end(); total > limit_bytes_ && entry != entries_.begin();) {
    --entry;
    if (entry->bytes == 0 || entry->id == id) continue;
    total -= entry->bytes;
    entry = entries_.erase(entry);
  }
}

void OpenImages::forget(ImageId id) {
  const std::lock_guard lock(mutex_);
  entries_.remove_if([&](const Entry& entry) { return entry.id == id; });
}

}  // namespace sonde
