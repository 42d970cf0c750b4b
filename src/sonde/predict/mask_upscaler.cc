// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/mask_upscaler.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include "sonde/kernels/buffer.h"
#include "sonde/kernels/decoder_blocks.h"
#include "sonde/predict/preprocess.h"

namespace sonde {
namespace {

constexpr std::size_t kStrip = 64;  // columns that are upscaled before they are turned
constexpr float kOutside = -1e9F;   // no logit is as low

// One output pixel of a bilinear resize: (1 - share) of `low` and `share` of `high`.
struct Pair {
  std::int64_t low = 0, high = 0;
  float share = 0;
};

// torch's interpolate with align_corners=False, in single precision as there.
Pair bilinear_pair(std::int64_t out, std::int64_t from, std::int64_t to) {
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  const float source = std::max(scale * (static_cast<float>(out) + 0.5F) - 0.5F, 0.0F);
  const std::int64_t low = std::min(static_cast<std::int64_t>(source), from - 1);
  const float share = std::clamp(source - static_cast<float>(low), 0.0F, 1.0F);
  return {low, std::min(low + 1, from - 1), share};
}

void add(const kernels::RowCounts& row, kernels::RowCounts& sum) {
  sum.above_zero += row.above_zero;
  sum.above_one += row.above_one;
  sum.above_minus_one += row.above_minus_one;
}

double stability_of(const kernels::RowCounts& sum) {
  if (sum.above_minus_one == 0) return 0;
  return static_cast<double>(sum.above_one) / static_cast<double>(sum.above_minus_one);
}

// Where a mask changes from pixel to pixel down its columns, in the picture it is pasted into, as run lengths
// count pixels.
class Changes {
 public:
  explicit Changes(const Paste& paste) : paste_(paste) {}

  // y: the mask's height after its last row. Rows are 0 or 1, of a width that 8 divides.
  void add_row(const std::uint8_t* above, const std::uint8_t* row, std::size_t width, std::int64_t y) {
    for (std::size_t x = 0; x < width; x += sizeof(std::uint64_t)) {
      std::uint64_t before = 0, now = 0;
      std::memcpy(&before, above + x, sizeof before);
      std::memcpy(&now, row + x, sizeof now);
      for (std::uint64_t differ = before ^ now; differ != 0; differ &= differ - 1)
        add(static_cast<std::int64_t>(x) + std::countr_zero(differ) / 8, y);
    }
  }
  Box2 box() const {
    return {static_cast<double>(paste_.x0 + left_), static_cast<double>(paste_.y0 + top_),
            static_cast<double>(paste_.x0 + right_), static_cast<double>(paste_.y0 + bottom_ - 1)};
  }
  Rle runs() {
    const std::int64_t total = pixel_count(paste_.picture);
    std::sort(places_.begin(), places_.end());
    Rle rle{paste_.picture, {}};
    std::int64_t last = 0;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (i + 1 < places_.size() && places_[i] == places_[i + 1]) {
        ++i;  // the end of a column and the start of the next: no change
      } else if (places_[i] < total) {
        rle.counts.push_back(static_cast<std::uint32_t>(places_[i] - last));
        last = places_[i];
      }
    }
    rle.counts.push_back(static_cast<std::uint32_t>(total - last));
    return rle;
  }

 private:
  void add(std::int64_t x, std::int64_t y) {
    places_.push_back((paste_.x0 + x) * paste_.picture.height + paste_.y0 + y);
    left_ = std::min(left_, x);
    right_ = std::max(right_, x);
    top_ = std::min(top_, y);
    bottom_ = std::max(bottom_, y);
  }
  Paste paste_;
  std::vector<std::int64_t> places_;
  std::int64_t left_ = std::numeric_limits<std::int64_t>::max(), top_ = left_, right_ = -1, bottom_ = -1;
};

}  // namespace

std::vector<MaskUpscaler::Taps> MaskUpscaler::taps_along(std::int64_t picture, std::int64_t resized,
                                                         std::int64_t frame_side) {
  const std::int64_t cells = low_res_side(frame_side);
  std::vector<Taps> all;
  for (std::int64_t out = 0; out < picture; ++out) {
    const Pair in_frame = bilinear_pair(out, resized, picture);
    const Pair low = bilinear_pair(in_frame.low, cells, frame_side);
    const Pair high = bilinear_pair(in_frame.high, cells, frame_side);
    Taps taps{std::min(low.low, cells - 3), {}};
    const auto add = [&taps](const Pair& pair, float weight) {
      assert(pair.low >= taps.first && pair.high < taps.first + 3);
      taps.weights[static_cast<std::size_t>(pair.low - taps.first)] += weight * (1.0F - pair.share);
      taps.weights[static_cast<std::size_t>(pair.high - taps.first)] += weight * pair.share;
    };
    add(low, 1.0F - in_frame.share);
    add(high, in_frame.share);
    all.push_back(taps);
  }
  return all;
}

MaskUpscaler::MaskUpscaler(Extent2 picture, std::int64_t frame_side)
    : picture_(picture), low_res_side_(low_res_side(frame_side)) {
  assert(low_res_side_ >= 3);
  const Extent2 resized = resized_extent(picture, frame_side);
  columns_ = taps_along(picture.width, resized.width, frame_side);
  rows_ = taps_along(picture.height, resized.height, frame_side);
  stride_ = (columns_.size() + kernels::kRowStep - 1) / kernels::kRowStep * kernels::kRowStep;
}

std::size_t MaskUpscaler::wide_size() const {
  return static_cast<std::size_t>(rows_.back().first + 3) * stride_;
}

// Column by column, for which columns have to lie as rows.
void MaskUpscaler::upscale_columns(std::span<const float> low_res, float* wide) const {
  assert(low_res.size() == static_cast<std::size_t>(low_res_side_ * low_res_side_));
  const auto side = static_cast<std::size_t>(low_res_side_), height = wide_size() / stride_;
  kernels::ScratchScope scratch;
  auto* upright = scratch.take<float>(side * height);
  auto* strip = scratch.take<float>(kStrip * height);
  kernels::transpose(low_res.data(), side, height, side, upright, height);
  for (std::size_t x = 0; x < columns_.size(); x += kStrip) {
    const std::size_t count = std::min(kStrip, columns_.size() - x);
    for (std::size_t i = 0; i < count; ++i) {
      const Taps& taps = columns_[x + i];
      const float* first = upright + static_cast<std::size_t>(taps.first) * height;
      kernels::mix_rows({.rows = {first, first + height, first + 2 * height},
                         .weights = {taps.weights[0], taps.weights[1], taps.weights[2]},
                         .count = height},
                        strip + i * height);
    }
    kernels::transpose(strip, height, count, height, wide + x, stride_);
  }
  for (std::size_t y = 0; y < height; ++y)
    std::fill(wide + y * stride_ + columns_.size(), wide + (y + 1) * stride_, kOutside);
}

kernels::ThreeRows MaskUpscaler::row(const float* wide, std::int64_t y) const {
  const Taps& taps = rows_[static_cast<std::size_t>(y)];
  const float* first = wide + static_cast<std::size_t>(taps.first) * stride_;
  return {.rows = {first, first + stride_, first + 2 * stride_},
          .weights = {taps.weights[0], taps.weights[1], taps.weights[2]},
          .count = stride_};
}

ScoredMask MaskUpscaler::threshold(std::span<const float> low_res) const {
  kernels::ScratchScope scratch;
  auto* wide = scratch.take<float>(wide_size());
  auto* inside = scratch.take<std::uint8_t>(stride_);
  upscale_columns(low_res, wide);
  ScoredMask result{.mask = empty_mask(picture_)};
  kernels::RowCounts sum;
  for (std::int64_t y = 0; y < picture_.height; ++y) {
    add(kernels::threshold_rows(row(wide, y), inside), sum);
    std::copy_n(inside, picture_.width, result.mask.pixels.begin() + y * picture_.width);
  }
  result.stability = stability_of(sum);
  return result;
}

std::optional<ScoredRle> MaskUpscaler::threshold_to_runs(std::span<const float> low_res, const Paste& paste,
                                                         double least_stability) const {
  kernels::ScratchScope scratch;
  auto* wide = scratch.take<float>(wide_size());
  upscale_columns(low_res, wide);
  auto* inside = scratch.take<std::uint8_t>(stride_);
  auto* above = scratch.take<std::uint8_t>(stride_);  // the row before
  std::fill_n(above, stride_, std::uint8_t{0});
  Changes changes(paste);
  kernels::RowCounts sum;
  for (std::int64_t y = 0; y < picture_.height; ++y) {
    add(kernels::threshold_rows(row(wide, y), inside), sum);
    changes.add_row(above, inside, stride_, y);
    std::swap(above, inside);
  }
  std::fill_n(inside, stride_, std::uint8_t{0});
  changes.add_row(above, inside, stride_, picture_.height);
  ScoredRle runs{.rle = {}, .stability = stability_of(sum), .area_px = sum.above_zero};
  if (sum.above_zero == 0 || runs.stability < least_stability) return std::nullopt;
  runs.box = changes.box();
  runs.rle = changes.runs();
  return runs;
}

std::vector<float> MaskUpscaler::logits(std::span<const float> low_res) const {
  kernels::ScratchScope scratch;
  auto* wide = scratch.take<float>(wide_size());
  upscale_columns(low_res, wide);
  std::vector<float> all(static_cast<std::size_t>(pixel_count(picture_)));
  for (std::int64_t y = 0; y < picture_.height; ++y) {
    kernels::ThreeRows mix = row(wide, y);
    mix.count = columns_.size();
    kernels::mix_rows(mix, all.data() + y * picture_.width);
  }
  return all;
}

}  // namespace sonde
