// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "sonde/inference/network.h"
#include "sonde/inference/tiny_vit_layers.h"

namespace sonde {

// A picture that is not square is padded with zeros. Layers of convolutions and windows are local: far enough
// from the picture their results do not depend on it. So a picture of an extent that was seen before needs
// only the part of each grid that the picture reaches, and beyond it as many positions as the next layer
// looks further; these are kept from the first picture of that extent, which is computed whole.

// Positions beyond the part that pictures of one extent reach, of one grid after another: `band` rows and
// columns.
using PaddingBands = std::vector<std::vector<float>>;

class PaddingStore {
 public:
  std::shared_ptr<const PaddingBands> find(const FramePixels& pixels) const;
  void put(const FramePixels& pixels, PaddingBands bands);

 private:
  using Key = std::pair<std::int64_t, std::int64_t>;
  mutable std::mutex mutex_;
  std::map<Key, std::shared_ptr<const PaddingBands>> bands_;
};

// Follows one picture through the layers.
class PaddingTracker {
 public:
  // frame: the side in pixels; band: the farthest that a layer looks.
  PaddingTracker(PaddingStore& store, const FramePixels& pixels, std::size_t frame, std::size_t band);

  // What a layer must compute; `grid` is what it writes to. After it: done(). The picture's reach grows
  // by what a layer sees: by one position with a 3 x 3 convolution, to the window's edge with attention.
  Part after_patches(const FeatureMap& grid);  // two convolutions of stride 2
  Part after_convolution(const FeatureMap& grid, std::size_t stride);
  Part after_windows(const FeatureMap& grid, std::size_t window);
  // Keeps the band beyond the part (the extent's first picture), or puts it there: the next layer computes no
  // further than its own part, and reads no further than the band.
  void done(const FeatureMap& grid);
  // The picture is through: what was kept is for the next one.
  void finish();

 private:
  Part part_to_compute() const { return known_ ? reached_ : all_; }
  void convolve(std::size_t stride, Part all);

  PaddingStore& store_;
  const FramePixels& pixels_;
  std::size_t band_, next_ = 0;
  Part reached_, all_;  // of the latest grid: what depends on the picture, and the whole
  std::shared_ptr<const PaddingBands> known_;
  PaddingBands kept_;
};

}  // namespace sonde
