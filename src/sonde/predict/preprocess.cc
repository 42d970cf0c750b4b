// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/preprocess.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "sonde/core/error.h"
#include "sonde/imaging/prompt.h"

namespace sonde {
namespace {

constexpr std::int64_t kChannels = 3;

constexpr int kWeightBits = 32 - 8 - 2;  // Pillow's PRECISION_BITS
constexpr std::int32_t kHalf = 1 << (kWeightBits - 1);

// The input pixels that make up one output pixel.
struct Taps {
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::size_t offset = 0;  // of the first weight
};
struct ResizeFilter {
  std::vector<Taps> taps;  // one an output pixel
  std::vector<std::int32_t> weights;
};

double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

std::int32_t to_fixed_point(double weight) {
  return static_cast<std::int32_t>(0.5 + weight * (1 << kWeightBits));
}

ResizeFilter triangle_filter(std::int64_t from, std::int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double support = std::max(scale, 1.0);
  const double inverse_support = 1.0 / support;
  ResizeFilter filter;
  std::vector<double> raw;
  for (std::int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<std::int64_t>(static_cast<std::int64_t>(centre - support + 0.5), 0);
    const auto last = std::min<std::int64_t>(static_cast<std::int64_t>(centre + support + 0.5), from);
    raw.clear();
    double sum = 0;
    for (std::int64_t x = first; x < last; ++x) {
      raw.push_back(triangle((static_cast<double>(x) - centre + 0.5) * inverse_support));
      sum += raw.back();
    }
    filter.taps.push_back({first, last - first, filter.weights.size()});
    for (const double weight : raw)
      filter.weights.push_back(to_fixed_point(sum != 0.0 ? weight / sum : weight));
  }
  return filter;
}

std::uint8_t clip_to_byte(std::int32_t fixed_point) {
  return static_cast<std::uint8_t>(std::clamp(fixed_point >> kWeightBits, 0, 255));
}

void resize_row(const std::uint8_t* in, const ResizeFilter& filter, std::uint8_t* out) {
  for (const Taps& taps : filter.taps) {
    const std::int32_t* weight = filter.weights.data() + taps.offset;
    const std::uint8_t* pixel = in + taps.first * kChannels;
    std::array<std::int32_t, kChannels> sum{kHalf, kHalf, kHalf};
    for (std::int64_t t = 0; t < taps.count; ++t, pixel += kChannels) {
      sum[0] += pixel[0] * weight[t];
      sum[1] += pixel[1] * weight[t];
      sum[2] += pixel[2] * weight[t];
    }
    *out++ = clip_to_byte(sum[0]);
    *out++ = clip_to_byte(sum[1]);
    *out++ = clip_to_byte(sum[2]);
  }
}

RgbImage resize_width(const RgbImage& image, std::int64_t width) {
  const ResizeFilter filter = triangle_filter(image.extent.width, width);
  RgbImage out{{width, image.extent.height}, {}};
  out.pixels.resize(static_cast<std::size_t>(pixel_count(out.extent) * kChannels));
  for (std::int64_t y = 0; y < image.extent.height; ++y) {
    resize_row(image.pixels.data() + y * image.extent.width * kChannels, filter,
               out.pixels.data() + y * width * kChannels);
  }
  return out;
}

// out[i] = the weighted sum of the rows at in, in + stride, ...: the loop over i is the inner one, so that it
// vectorises.
void weigh_rows(const std::uint8_t* in, std::int64_t stride, const Taps& taps, const std::int32_t* weights,
                std::vector<std::int32_t>& sums, std::uint8_t* out) {
  std::fill(sums.begin(), sums.end(), kHalf);
  std::int32_t* const sum = sums.data();
  for (std::int64_t t = 0; t < taps.count; ++t) {
    const std::uint8_t* const row = in + (taps.first + t) * stride;
    const std::int32_t weight = weights[t];
    if (weight == 0) continue;
    for (std::int64_t i = 0; i < stride; ++i) sum[i] += row[i] * weight;
  }
  for (std::int64_t i = 0; i < stride; ++i) out[i] = clip_to_byte(sum[i]);
}

RgbImage resize_height(const RgbImage& image, std::int64_t height) {
  const ResizeFilter filter = triangle_filter(image.extent.height, height);
  RgbImage out{{image.extent.width, height}, {}};
  const std::int64_t stride = image.extent.width * kChannels;
  out.pixels.resize(static_cast<std::size_t>(height * stride));
  std::vector<std::int32_t> sums(static_cast<std::size_t>(stride));
  for (std::int64_t y = 0; y < height; ++y) {
    const Taps& taps = filter.taps[static_cast<std::size_t>(y)];
    weigh_rows(image.pixels.data(), stride, taps, filter.weights.data() + taps.offset, sums,
               out.pixels.data() + y * stride);
  }
  return out;
}

void check_extent(Extent2 extent, std::size_t values, std::size_t values_per_pixel, const char* what) {
  const std::string size = std::to_string(extent.width) + " x " + std::to_string(extent.height);
  if (extent.width < 1 || extent.height < 1) {
    throw Error(ErrorKind::usage,
                std::string(what) + " of " + size + " pixels has no pixels: at least 1 x 1 is needed");
  }
  if (values != static_cast<std::size_t>(pixel_count(extent)) * values_per_pixel) {
    throw Error(ErrorKind::internal,
                std::string(what) + " of " + size + " pixels holds " + std::to_string(values) + " values");
  }
}

// The share of a pixel that each cell of a coarser grid takes along one axis.
struct CellShare {
  std::int64_t pixel = 0, cell = 0;
  float share = 0;  // of the cell
};

// Pixels of `from` fill the first `resized` of `side` units, of which four make a cell.
std::vector<CellShare> cell_shares(std::int64_t from, std::int64_t resized, std::int64_t side) {
  const std::int64_t cells = low_res_side(side);
  const double cells_per_pixel = static_cast<double>(resized) / static_cast<double>(from) *
                                 static_cast<double>(cells) / static_cast<double>(side);
  std::vector<CellShare> shares;
  for (std::int64_t pixel = 0; pixel < from; ++pixel) {
    const double begin = static_cast<double>(pixel) * cells_per_pixel;
    const double end = static_cast<double>(pixel + 1) * cells_per_pixel;
    for (auto cell = static_cast<std::int64_t>(begin); cell < cells && static_cast<double>(cell) < end;
         ++cell) {
      const double low = std::max(begin, static_cast<double>(cell));
      const double high = std::min(end, static_cast<double>(cell + 1));
      if (high > low) shares.push_back({pixel, cell, static_cast<float>(high - low)});
    }
  }
  return shares;
}

}  // namespace

Extent2 resized_extent(Extent2 picture, std::int64_t long_side) {
  const double scale =
      static_cast<double>(long_side) * 1.0 / static_cast<double>(std::max(picture.width, picture.height));
  // The published code makes a picture thinner than 1 : 2 * long_side vanish; one row or column stays here.
  const auto resized = [scale](std::int64_t side) {
    return std::max<std::int64_t>(static_cast<std::int64_t>(static_cast<double>(side) * scale + 0.5), 1);
  };
  return {resized(picture.width), resized(picture.height)};
}

RgbImage resize_bilinear(const RgbImage& image, Extent2 target) {
  check_extent(image.extent, image.pixels.size(), kChannels, "a picture");
  check_extent(target, static_cast<std::size_t>(pixel_count(target)), 1, "a resized picture");
  if (image.extent == target) return image;
  if (image.extent.width == target.width) return resize_height(image, target.height);
  RgbImage narrowed = resize_width(image, target.width);
  if (narrowed.extent.height == target.height) return narrowed;
  return resize_height(narrowed, target.height);
}

std::vector<float> mask_shares(const Mask& mask, std::int64_t side) {
  check_extent(mask.extent, mask.pixels.size(), 1, "a mask");
  const Extent2 resized = resized_extent(mask.extent, side);
  const std::vector<CellShare> columns = cell_shares(mask.extent.width, resized.width, side);
  const std::vector<CellShare> rows = cell_shares(mask.extent.height, resized.height, side);
  const std::int64_t cells = low_res_side(side);
  std::vector<float> inside(static_cast<std::size_t>(cells * cells), 0.0F);
  std::vector<float> row_cells(static_cast<std::size_t>(cells));
  std::int64_t row_in_cells = -1;
  for (const CellShare& row : rows) {
    if (row.pixel != row_in_cells) {
      std::fill(row_cells.begin(), row_cells.end(), 0.0F);
      const std::uint8_t* pixels = mask.pixels.data() + row.pixel * mask.extent.width;
      for (const CellShare& column : columns) {
        if (pixels[column.pixel] != 0) row_cells[static_cast<std::size_t>(column.cell)] += column.share;
      }
      row_in_cells = row.pixel;
    }
    float* out = inside.data() + row.cell * cells;
    for (std::size_t x = 0; x < row_cells.size(); ++x) out[x] += row.share * row_cells[x];
  }
  for (float& value : inside) value = std::min(value, 1.0F);
  return inside;
}

std::vector<float> logits_from_mask(const Mask& mask, std::int64_t side) {
  std::vector<float> logits = mask_shares(mask, side);
  for (float& value : logits) value = -10.0F + 20.0F * value;
  return logits;
}

}  // namespace sonde
