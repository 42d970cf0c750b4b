// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/resize.h"

#include <algorithm>
#include <array>

namespace sonde {
namespace {

// What one position of the result takes along an axis: weights of `first` and those after it, together 1.
struct Taps {
  std::int64_t first = 0;
  std::vector<float> weights;
};

// In units of 1 / (2 factor) of a pixel everything is whole.
std::vector<Taps> cubic_taps(std::int64_t size, std::int64_t factor) {
  std::vector<Taps> all;
  for (std::int64_t i = 0; i < size * factor; ++i) {
    const std::int64_t from_first_edge = 2 * i + 1 + factor;  // of the pixel before the first
    const std::int64_t before = from_first_edge / (2 * factor) - 1;
    const float t = static_cast<float>(from_first_edge % (2 * factor)) / static_cast<float>(2 * factor);
    const std::array<float, 4> weights{((-0.5F * t + 1) * t - 0.5F) * t, (1.5F * t - 2.5F) * t * t + 1,
                                       ((-1.5F * t + 2) * t + 0.5F) * t, (0.5F * t - 0.5F) * t * t};
    const auto within = [&](std::int64_t at) { return std::clamp<std::int64_t>(at, 0, size - 1); };
    Taps taps{within(before - 1), {}};
    taps.weights.resize(static_cast<std::size_t>(within(before + 2) - taps.first) + 1);
    for (std::int64_t k = 0; k < 4; ++k)
      taps.weights[static_cast<std::size_t>(within(before - 1 + k) - taps.first)] +=
          weights[static_cast<std::size_t>(k)];
    all.push_back(std::move(taps));
  }
  return all;
}

// In units of 1 / new_size of a pixel everything is whole.
std::vector<Taps> area_taps(std::int64_t size, std::int64_t new_size) {
  std::vector<Taps> all;
  for (std::int64_t i = 0; i < new_size; ++i) {
    const std::int64_t begin = i * size;
    const std::int64_t end = begin + size;
    Taps taps{begin / new_size, {}};
    for (std::int64_t at = taps.first * new_size; at < end; at += new_size) {
      const std::int64_t covered = std::min(end, at + new_size) - std::max(begin, at);
      taps.weights.push_back(static_cast<float>(covered) / static_cast<float>(size));
    }
    all.push_back(std::move(taps));
  }
  return all;
}

// in: three values a pixel.
void along_row(const std::uint8_t* in, const std::vector<Taps>& columns, float* out) {
  for (const Taps& taps : columns) {
    const std::uint8_t* pixel = in + 3 * taps.first;
    std::array<float, 3> sum{};
    for (const float weight : taps.weights) {
      for (float& channel : sum) channel += weight * static_cast<float>(*pixel++);
    }
    out = std::copy(sum.begin(), sum.end(), out);
  }
}

RgbImage resampled(const RgbImage& image, const std::vector<Taps>& columns, const std::vector<Taps>& rows) {
  const std::size_t row_values = 3 * columns.size();
  std::vector<float> across(static_cast<std::size_t>(image.extent.height) * row_values);
  for (std::int64_t y = 0; y < image.extent.height; ++y)
    along_row(image.pixels.data() + 3 * y * image.extent.width, columns,
              across.data() + static_cast<std::size_t>(y) * row_values);
  RgbImage result{{static_cast<std::int64_t>(columns.size()), static_cast<std::int64_t>(rows.size())}, {}};
  result.pixels.resize(rows.size() * row_values);
  std::vector<float> sum(row_values);
  auto* out = result.pixels.data();
  for (const Taps& taps : rows) {
    std::fill(sum.begin(), sum.end(), 0.5F);  // rounds
    const float* in = across.data() + static_cast<std::size_t>(taps.first) * row_values;
    for (const float weight : taps.weights) {
      for (std::size_t i = 0; i < row_values; ++i) sum[i] += weight * in[i];
      in += row_values;
    }
    out = std::transform(sum.begin(), sum.end(), out, [](float value) {
      return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F));
    });
  }
  return result;
}

}  // namespace

RgbImage enlarged(const RgbImage& image, std::int64_t factor) {
  if (factor == 1) return image;
  return resampled(image, cubic_taps(image.extent.width, factor), cubic_taps(image.extent.height, factor));
}

RgbImage area_average(const RgbImage& image, Extent2 extent) {
  return resampled(image, area_taps(image.extent.width, extent.width),
                   area_taps(image.extent.height, extent.height));
}

}  // namespace sonde
