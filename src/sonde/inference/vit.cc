// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "sonde/core/parallel.h"
#include "sonde/inference/encoder.h"
#include "sonde/inference/neck.h"
#include "sonde/inference/vit_layers.h"

namespace sonde {
namespace {

using kernels::ScratchScope;
using kernels::Storage;

std::size_t as_size(std::int64_t value) { return static_cast<std::size_t>(value); }

VitShape shape_of(const VitSizes& sizes, Storage storage) {
  return {.grid = as_size(sizes.image_size / sizes.patch_size),
          .channels = as_size(sizes.embed_dim),
          .heads = as_size(sizes.num_heads),
          .storage = storage};
}

// (model/image_encoder.cc, ImageEncoderVit)
class VitEncoder : public Encoder {
 public:
  VitEncoder(const VitTensors& encoder, Storage storage)
      : shape_(shape_of(encoder.sizes, storage)),
        patch_embed_(encoder, shape_),
        neck_(encoder.neck, storage) {
    const auto& global = encoder.sizes.global_attn_indexes;
    for (const VitBlockTensors& block : encoder.blocks) {
      const bool is_global = std::ranges::find(global, std::ssize(blocks_)) != global.end();
      blocks_.emplace_back(block, shape_, is_global ? shape_.grid : as_size(encoder.sizes.window_size));
    }
  }

  std::vector<float> encode(const FramePixels& pixels, int threads) const override {
    // The blocks' queries, keys and values take turns in one workspace; a global block's are the largest.
    std::size_t operands_bytes = 0;
    for (const VitBlock& block : blocks_) operands_bytes = std::max(operands_bytes, block.operands_bytes());
    const VitWorkspace workspace(shape_, operands_bytes);
    // x = patch_embed(x) + pos_embed; for blk in blocks: x = blk(x); x = neck(x)
    patch_embed_.run(pixels, workspace.tokens.as<float>(), threads);
    for (const VitBlock& block : blocks_) block.run(workspace, threads);
    std::vector<float> embedding(shape_.tokens() * neck_.outputs());
    neck_.run(workspace.tokens.as<float>(), shape_.grid * shape_.channels, shape_.grid, shape_.grid,
              embedding.data(), threads);
    return embedding;
  }

 private:
  VitShape shape_;
  VitPatchEmbed patch_embed_;
  std::vector<VitBlock> blocks_;
  Neck neck_;
};

}  // namespace

VitPatchEmbed::VitPatchEmbed(const VitTensors& encoder, const VitShape& shape)
    : shape_(shape),
      patch_(as_size(encoder.sizes.patch_size)),
      proj_(pack(channels_last(linear_weights(encoder.patch_embed), kColours), shape.storage)),
      positions_(floats(encoder.pos_embed)) {}

void VitPatchEmbed::run(const FramePixels& pixels, float* tokens, int threads) const {
  parallel_for(threads, static_cast<std::int64_t>(shape_.grid), [&](std::int64_t i) {
    const auto row = static_cast<std::size_t>(i);
    run_row(pixels, row, tokens + row * shape_.grid * shape_.channels);
  });
}

// A convolution whose kernel is its stride: patches do not overlap, so with each laid out as a row of
// patch x patch x 3 numbers, a product gives a row of tokens. pos_embed is its residual.
void VitPatchEmbed::run_row(const FramePixels& pixels, std::size_t row, float* tokens) const {
  const std::size_t line = patch_ * kColours, width = shape_.grid * line, size = size_of(shape_.storage);
  const std::size_t stride = (patch_ * line + 1) / 2 * 2;
  ScratchScope scratch;
  auto* normalised = scratch.take<float>(width);
  std::byte* rounded = scratch.bytes(width * size);
  std::byte* patches = scratch.bytes(shape_.grid * stride * size);
  std::memset(patches, 0, shape_.grid * stride * size);
  // Line y of all patches at once: a patch is [y][x][colour], as channels_last orders the weights.
  for (std::size_t y = 0; y < patch_; ++y) {
    normaliser_.run(pixels, static_cast<std::ptrdiff_t>(row * patch_ + y), 0, shape_.grid * patch_,
                    normalised);
    convert(normalised, width, shape_.storage, rounded);
    for (std::size_t x = 0; x < shape_.grid; ++x)
      std::memcpy(patches + (x * stride + y * line) * size, rounded + x * line * size, line * size);
  }
  multiply({.in = patches,
            .in_stride = stride,
            .rows = shape_.grid,
            .residual = positions_.data() + row * shape_.grid * shape_.channels,
            .residual_stride = shape_.channels,
            .out = tokens,
            .out_stride = shape_.channels},
           proj_.view());
}

std::unique_ptr<Encoder> make_encoder(const VitTensors& encoder, Storage storage) {
  return std::make_unique<VitEncoder>(encoder, storage);
}

}  // namespace sonde
