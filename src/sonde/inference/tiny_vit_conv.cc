// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "sonde/core/parallel.h"
#include "sonde/inference/tiny_vit_layers.h"

namespace sonde {
namespace {

using kernels::Activation;
using kernels::pieces;
using kernels::ScratchScope;
using kernels::Storage;

// Three widened rows of a strip fit into the L2 cache; its rim is computed twice.
constexpr std::size_t kStripWidth = 64;
std::size_t strip_height(Part part) { return std::max<std::size_t>(part.height / 8, 1); }

std::int64_t strip_count(Part part) {
  return static_cast<std::int64_t>(pieces(part.width, kStripWidth) * pieces(part.height, strip_height(part)));
}

Strip strip_at(Part part, std::int64_t index) {
  const std::size_t across = pieces(part.width, kStripWidth), height = strip_height(part);
  const std::size_t top = static_cast<std::size_t>(index) / across * height;
  const std::size_t left = static_cast<std::size_t>(index) % across * kStripWidth;
  return {top, left, std::min(height, part.height - top), std::min(kStripWidth, part.width - left)};
}

// The three latest rows of a strip, numbered as in the map they belong to.
class RowRing {
 public:
  RowRing(ScratchScope& scratch, std::size_t row_bytes)
      : row_bytes_(row_bytes), rows_(scratch.bytes(3 * row_bytes)) {}
  std::byte* row(std::ptrdiff_t number) const {
    return rows_ + static_cast<std::size_t>(number + 3) % 3 * row_bytes_;
  }

 private:
  std::size_t row_bytes_;
  std::byte* rows_;
};

// Positions `left` .. `left + count` of a row whose map has `width`: those outside it become 0. (The layer
// before has a bias, so it gives something other than 0 there.)
void clear_outside(std::byte* row, std::size_t position_bytes, std::ptrdiff_t left, std::size_t count,
                   std::size_t width) {
  const auto before = std::min<std::size_t>(left < 0 ? static_cast<std::size_t>(-left) : 0, count);
  std::memset(row, 0, before * position_bytes);
  const auto end = left + static_cast<std::ptrdiff_t>(count), limit = static_cast<std::ptrdiff_t>(width);
  const auto after = std::min<std::size_t>(end > limit ? static_cast<std::size_t>(end - limit) : 0, count);
  std::memset(row + (count - after) * position_bytes, 0, after * position_bytes);
}

}  // namespace

TinyPatchEmbed::TinyPatchEmbed(const TinyVitTensors& encoder, Storage storage)
    : storage_(storage),
      conv1_(pack(channels_last(conv_bn_weights(encoder.patch_embed1), kColours), storage)),
      conv2_(pack(channels_last(conv_bn_weights(encoder.patch_embed2), conv1_.view().outputs), storage)) {}

void TinyPatchEmbed::run(const FramePixels& pixels, const FeatureMap& out, Part part, int threads) const {
  parallel_for(threads, strip_count(part),
               [&](std::int64_t i) { run_strip(pixels, out, strip_at(part, i)); });
}

// gelu(patch_embed1(x)): row `row` of the strip's 2 * width + 1 columns (from 2 * left - 1 on), of the
// picture's bytes. Rows and columns outside the map are 0: the second convolution's padding.
void TinyPatchEmbed::first_conv_row(const FramePixels& pixels, const FeatureMap& out, const Strip& strip,
                                    std::ptrdiff_t row, std::byte* result) const {
  const std::size_t channels = conv1_.view().outputs, size = size_of(storage_);
  const std::size_t width = 2 * strip.width + 1, source_width = 2 * width + 1;
  const auto left = 2 * static_cast<std::ptrdiff_t>(strip.left) - 1;
  if (row < 0 || row >= static_cast<std::ptrdiff_t>(2 * out.height())) {
    std::memset(result, 0, width * channels * size);
    return;
  }
  ScratchScope scratch;
  auto* source = scratch.take<float>(source_width * kColours);
  std::byte* rounded = scratch.bytes(source_width * kColours * size);
  constexpr std::size_t kTap = 3 * kColours, kPatch = 28;  // 27 rounded up to pairs
  std::byte* patches = scratch.bytes(width * kPatch * size);
  for (std::ptrdiff_t tap = 0; tap < 3; ++tap) {
    normaliser_.run(pixels, 2 * row - 1 + tap, 2 * left - 1, source_width, source);
    convert(source, source_width * kColours, storage_, rounded);
    for (std::size_t x = 0; x < width; ++x) {
      std::memcpy(patches + (x * kPatch + static_cast<std::size_t>(tap) * kTap) * size,
                  rounded + 2 * x * kColours * size, kTap * size);
    }
  }
  for (std::size_t x = 0; x < width; ++x) std::memset(patches + (x * kPatch + 3 * kTap) * size, 0, size);
  multiply({.in = patches,
            .in_stride = kPatch,
            .rows = width,
            .activation = Activation::gelu,
            .out = result,
            .out_stride = channels,
            .out_storage = storage_},
           conv1_.view());
  clear_outside(result, channels * size, left, width, 2 * out.width());
}

// patch_embed2(gelu(patch_embed1(x))) of a strip: of the first convolution only three rows are held. Patches
// of 3 x 3 x channels side by side make the second a product.
void TinyPatchEmbed::run_strip(const FramePixels& pixels, const FeatureMap& out, const Strip& strip) const {
  const std::size_t channels = conv1_.view().outputs, size = size_of(storage_),
                    tap_bytes = 3 * channels * size;
  ScratchScope scratch;
  const RowRing ring(scratch, (2 * strip.width + 1) * channels * size);
  std::byte* patches = scratch.bytes(strip.width * 3 * tap_bytes);
  const auto top = static_cast<std::ptrdiff_t>(strip.top);
  first_conv_row(pixels, out, strip, 2 * top - 1, ring.row(2 * top - 1));
  for (std::ptrdiff_t y = top; y < top + static_cast<std::ptrdiff_t>(strip.height); ++y) {
    for (const std::ptrdiff_t row : {2 * y, 2 * y + 1})
      first_conv_row(pixels, out, strip, row, ring.row(row));
    for (std::size_t x = 0; x < strip.width; ++x) {
      for (std::size_t tap = 0; tap < 3; ++tap) {
        std::memcpy(patches + (3 * x + tap) * tap_bytes,
                    ring.row(2 * y - 1 + static_cast<std::ptrdiff_t>(tap)) + 2 * x * channels * size,
                    tap_bytes);
      }
    }
    multiply({.in = patches,
              .in_stride = 9 * channels,
              .rows = strip.width,
              .out = out.at(y, static_cast<std::ptrdiff_t>(strip.left)),
              .out_stride = out.channels()},
             conv2_.view());
  }
}

TinyBottleneck::TinyBottleneck(const BottleneckTensors& layer, Kind kind, std::size_t stride, Storage storage)
    : kind_(kind),
      storage_(storage),
      widen_(pack(conv_bn_weights(layer.conv1), storage)),
      narrow_(pack(conv_bn_weights(layer.conv3), storage)),
      depthwise_(layer.conv2, stride) {}

void TinyBottleneck::run(const FeatureMap& in, const FeatureMap& out, Part part, int threads) const {
  parallel_for(threads, strip_count(part), [&](std::int64_t i) { run_strip(in, out, strip_at(part, i)); });
}

// gelu(conv1(x)): a row of the strip with the columns that conv2 looks at, [columns][4 C] (PatchMerging:
// [C']); 0 outside the map. As published: conv2 pads what conv1 gives with zeros, not x.
void TinyBottleneck::widen_row(const FeatureMap& in, const Strip& strip, std::ptrdiff_t row,
                               std::byte* result) const {
  const std::size_t wide = widen_.view().outputs, size = size_of(storage_);
  const std::size_t width = (strip.width - 1) * stride() + 3;
  const auto left = static_cast<std::ptrdiff_t>(strip.left * stride()) - 1;
  if (row < 0 || row >= static_cast<std::ptrdiff_t>(in.height())) {
    std::memset(result, 0, width * wide * size);
    return;
  }
  ScratchScope scratch;
  const void* positions = in.at(row, left);
  if (storage_ == Storage::bf16) {
    // The map stays fp32, for the residual; operands are rounded as they are taken.
    std::byte* rounded = scratch.bytes(width * in.channels() * size);
    convert(in.at(row, left), width * in.channels(), storage_, rounded);
    positions = rounded;
  }
  multiply({.in = positions,
            .in_stride = in.channels(),
            .rows = width,
            .activation = Activation::gelu,
            .out = result,
            .out_stride = wide,
            .out_storage = storage_},
           widen_.view());
  clear_outside(result, wide * size, left, width, in.width());
}

void TinyBottleneck::run_strip(const FeatureMap& in, const FeatureMap& out, const Strip& strip) const {
  // conv3(gelu(conv2(gelu(conv1(x))))) row by row: the widened map exists three rows at a time. As rows go
  // down by `step`, each is widened once.
  const std::size_t wide = widen_.view().outputs, size = size_of(storage_);
  const auto step = static_cast<std::ptrdiff_t>(stride()), left = static_cast<std::ptrdiff_t>(strip.left);
  ScratchScope scratch;
  const RowRing ring(scratch, ((strip.width - 1) * stride() + 3) * wide * size);
  std::byte* convolved = scratch.bytes(strip.width * wide * size);
  const auto top = static_cast<std::ptrdiff_t>(strip.top);
  std::ptrdiff_t next = top * step - 1;  // the first row that is not widened yet
  for (std::ptrdiff_t y = top; y < top + static_cast<std::ptrdiff_t>(strip.height); ++y) {
    for (; next <= y * step + 1; ++next) widen_row(in, strip, next, ring.row(next));
    kernels::convolve({.in = {ring.row(y * step - 1), ring.row(y * step), ring.row(y * step + 1)},
                       .in_storage = storage_,
                       .width = strip.width,
                       .activation = Activation::gelu,
                       .out = convolved,
                       .out_storage = storage_},
                      depthwise_.view());
    // MBConv: gelu(conv3(...) + x), in the product's last step
    const bool adds_input = kind_ == Kind::mb_conv;
    multiply({.in = convolved,
              .in_stride = wide,
              .rows = strip.width,
              .residual = adds_input ? in.at(y, left) : nullptr,
              .residual_stride = in.channels(),
              .activation = adds_input ? Activation::gelu : Activation::none,
              .out = out.at(y, left),
              .out_stride = out.channels()},
             narrow_.view());
  }
}

}  // namespace sonde
