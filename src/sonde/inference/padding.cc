// SPDX-License-Identifier: Apache-2.0
#include "sonde/inference/padding.h"

#include <algorithm>
#include <cstring>

namespace sonde {
namespace {

constexpr std::size_t kMaxExtents = 8;  // of which bands are kept: about 10 MB each

// Positions along one axis that a 3 x 3 convolution makes depend on the picture: result y is made of inputs
// stride * y - 1 .. stride * y + 1, so those with stride * y - 1 < reached.
std::size_t reach_of_convolution(std::size_t reached, std::size_t all_in, std::size_t stride,
                                 std::size_t all_out) {
  return reached == all_in ? all_out : std::min(reached / stride + 1, all_out);
}
// Attention mixes a window's tokens: all of a window depend on the picture if one does.
std::size_t reach_of_windows(std::size_t reached, std::size_t window, std::size_t all) {
  return std::min((reached + window - 1) / window * window, all);
}

// Rows of positions beyond the part: below it, then at its right.
template <typename Work>
void for_each_row_beyond(const FeatureMap& grid, Part reached, std::size_t band, const Work& work) {
  const std::size_t bottom = std::min(reached.height + band, grid.height());
  const std::size_t right = std::min(reached.width + band, grid.width());
  for (std::size_t y = 0; y < bottom; ++y) {
    const std::size_t left = y < reached.height ? reached.width : 0;
    work(grid.at(static_cast<std::ptrdiff_t>(y), static_cast<std::ptrdiff_t>(left)),
         (right - left) * grid.channels());
  }
}

}  // namespace

std::shared_ptr<const PaddingBands> PaddingStore::find(const FramePixels& pixels) const {
  const std::lock_guard lock(mutex_);
  const auto found = bands_.find({pixels.width, pixels.height});
  return found == bands_.end() ? nullptr : found->second;
}

void PaddingStore::put(const FramePixels& pixels, PaddingBands bands) {
  const std::lock_guard lock(mutex_);
  if (bands_.size() >= kMaxExtents) bands_.clear();
  bands_[{pixels.width, pixels.height}] = std::make_shared<const PaddingBands>(std::move(bands));
}

PaddingTracker::PaddingTracker(PaddingStore& store, const FramePixels& pixels, std::size_t frame,
                               std::size_t band)
    : store_(store),
      pixels_(pixels),
      band_(band),
      reached_{static_cast<std::size_t>(pixels.height), static_cast<std::size_t>(pixels.width)},
      all_{frame, frame},
      known_(store.find(pixels)) {}

void PaddingTracker::convolve(std::size_t stride, Part all) {
  reached_ = {reach_of_convolution(reached_.height, all_.height, stride, all.height),
              reach_of_convolution(reached_.width, all_.width, stride, all.width)};
  all_ = all;
}

Part PaddingTracker::after_patches(const FeatureMap& grid) {
  convolve(2,
           {2 * grid.height(), 2 * grid.width()});  // the map between the two, which is not held as a whole
  return after_convolution(grid, 2);
}

Part PaddingTracker::after_convolution(const FeatureMap& grid, std::size_t stride) {
  convolve(stride, whole(grid));
  return part_to_compute();
}

Part PaddingTracker::after_windows(const FeatureMap& grid, std::size_t window) {
  reached_ = {reach_of_windows(reached_.height, window, grid.height()),
              reach_of_windows(reached_.width, window, grid.width())};
  return part_to_compute();
}

void PaddingTracker::done(const FeatureMap& grid) {
  if (reached_ == whole(grid)) return;
  if (!known_) {  // the first picture of its extent, which is computed whole: the bands are for the next one
    std::vector<float>& kept = kept_.emplace_back();
    for_each_row_beyond(grid, reached_, band_, [&](const float* row, std::size_t count) {
      kept.insert(kept.end(), row, row + count);
    });
    return;
  }
  // Bands come in the order of the layers, the same for every picture.
  const float* from = known_->at(next_++).data();
  for_each_row_beyond(grid, reached_, band_, [&](float* row, std::size_t count) {
    std::copy_n(from, count, row);
    from += count;
  });
}

void PaddingTracker::finish() {
  if (!kept_.empty()) store_.put(pixels_, std::move(kept_));
}

}  // namespace sonde
