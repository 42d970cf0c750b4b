// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/enlarge.h"

#include <algorithm>
#include <cassert>

#include "sonde/imaging/prompt.h"
#include "sonde/predict/preprocess.h"

namespace sonde {
namespace {

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

}  // namespace

std::vector<Enlarger::Taps> Enlarger::taps_along(std::int64_t picture, std::int64_t resized,
                                                 std::int64_t frame_side) {
  std::vector<Taps> all;
  for (std::int64_t out = 0; out < picture; ++out) {
    const Pair in_frame = bilinear_pair(out, resized, picture);
    const Pair low = bilinear_pair(in_frame.low, kLowResSide, frame_side);
    const Pair high = bilinear_pair(in_frame.high, kLowResSide, frame_side);
    Taps taps{std::min(low.low, kLowResSide - 3), {}};
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

Enlarger::Enlarger(Extent2 picture, std::int64_t frame_side) : picture_(picture) {
  assert(frame_side >= kLowResSide);
  const Extent2 resized = resized_extent(picture, frame_side);
  columns_ = taps_along(picture.width, resized.width, frame_side);
  rows_ = taps_along(picture.height, resized.height, frame_side);
}

std::vector<float> Enlarger::enlarge_columns(std::span<const float> low_res) const {
  assert(low_res.size() == static_cast<std::size_t>(kLowResSide * kLowResSide));
  const std::int64_t rows_used = rows_.back().first + 3;
  std::vector<float> wide(static_cast<std::size_t>(rows_used * picture_.width));
  for (std::int64_t y = 0; y < rows_used; ++y) {
    const float* in = low_res.data() + y * kLowResSide;
    float* out = wide.data() + y * picture_.width;
    for (const Taps& taps : columns_) {
      const float* values = in + taps.first;
      *out++ = taps.weights[0] * values[0] + taps.weights[1] * values[1] + taps.weights[2] * values[2];
    }
  }
  return wide;
}

void Enlarger::enlarge_row(const std::vector<float>& wide, std::int64_t y, float* out) const {
  const Taps& taps = rows_[static_cast<std::size_t>(y)];
  const auto [w0, w1, w2] = taps.weights;
  const float* a = wide.data() + taps.first * picture_.width;
  const float* b = a + picture_.width;
  const float* c = b + picture_.width;
  for (std::int64_t x = 0; x < picture_.width; ++x) out[x] = w0 * a[x] + w1 * b[x] + w2 * c[x];
}

CutMask Enlarger::cut(std::span<const float> low_res) const {
  const std::vector<float> wide = enlarge_columns(low_res);
  std::vector<float> row(static_cast<std::size_t>(picture_.width));
  CutMask result{empty_mask(picture_), 0.0};
  std::int64_t above_plus_one = 0;
  std::int64_t above_minus_one = 0;
  for (std::int64_t y = 0; y < picture_.height; ++y) {
    enlarge_row(wide, y, row.data());
    std::uint8_t* mask = result.mask.pixels.data() + y * picture_.width;
    std::int32_t plus = 0;
    std::int32_t minus = 0;
    for (const float logit : row) {
      *mask++ = static_cast<std::uint8_t>(logit > 0.0F);
      plus += static_cast<std::int32_t>(logit > 1.0F);
      minus += static_cast<std::int32_t>(logit > -1.0F);
    }
    above_plus_one += plus;
    above_minus_one += minus;
  }
  if (above_minus_one > 0)
    result.stability = static_cast<double>(above_plus_one) / static_cast<double>(above_minus_one);
  return result;
}

std::vector<float> Enlarger::logits(std::span<const float> low_res) const {
  const std::vector<float> wide = enlarge_columns(low_res);
  std::vector<float> all(static_cast<std::size_t>(pixel_count(picture_)));
  for (std::int64_t y = 0; y < picture_.height; ++y) enlarge_row(wide, y, all.data() + y * picture_.width);
  return all;
}

}  // namespace sonde
