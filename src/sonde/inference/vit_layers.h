// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "sonde/inference/layers.h"
#include "sonde/inference/network.h"
#include "sonde/inference/normalise.h"
#include "sonde/kernels/flash_attention.h"

namespace sonde {

// The layers of the plain vision transformer (model/image_encoder.h). Tokens are a square grid, row by row:
// as published 64 x 64 of C = 768 (ViT-B), 1024 (ViT-L) or 1280 (ViT-H). Work is split by constant sizes.

struct VitShape {
  std::size_t grid = 0;  // side, in tokens
  std::size_t channels = 0, heads = 0;
  kernels::Storage storage = kernels::Storage::fp32;
  std::size_t tokens() const { return grid * grid; }
  // Of rows of channels that products take: even.
  std::size_t stride() const { return (channels + 1) / 2 * 2; }
};

// The windows that a grid is cut into from its upper left corner; one that is as large as the grid is the
// whole of it.
class VitWindows {
 public:
  VitWindows(std::size_t grid, std::size_t side)
      : grid_(grid), side_(side), across_((grid + side - 1) / side) {}
  struct Window {
    std::size_t top, left, height, width;  // of what lies in the grid
  };
  std::size_t side() const { return side_; }
  std::size_t count() const { return across_ * across_; }
  Window at(std::size_t index) const;
  std::size_t index_of(std::size_t row, std::size_t column) const {
    return row / side_ * across_ + column / side_;
  }

 private:
  std::size_t grid_, side_, across_;
};

// What a picture's tokens become, and what attention needs of them.
struct VitWorkspace {
  VitWorkspace(const VitShape& shape, std::size_t operands_bytes);
  kernels::Buffer tokens;  // fp32 [tokens][channels]
  kernels::Buffer queries, keys,
      values;                // of each window each head's, as kernels/flash_attention.h places them
  kernels::Buffer attended;  // [tokens][stride], heads side by side: what proj takes
};

// x = patch_embed(x) + pos_embed: [3][1024][1024] -> [64 * 64][C]
class VitPatchEmbed {
 public:
  VitPatchEmbed(const VitTensors& encoder, const VitShape& shape);
  void run(const FramePixels& pixels, float* tokens, int threads) const;

 private:
  void run_row(const FramePixels& pixels, std::size_t row, float* tokens) const;

  VitShape shape_;
  std::size_t patch_;
  PixelNormaliser normaliser_;
  kernels::PackedMatrix proj_;
  std::vector<float> positions_;  // [tokens][channels]
};

// Attention within windows, or over the whole grid, and an MLP: [64 * 64][C] to the same.
//   x = x + attn(norm1(x));  x = x + mlp(norm2(x))  (model/image_encoder.cc, VitBlock)
class VitBlock {
 public:
  VitBlock(const VitBlockTensors& block, const VitShape& shape, std::size_t window);
  std::size_t operands_bytes() const;  // each of queries, keys, values
  void run(const VitWorkspace& workspace, int threads) const;

 private:
  void place_chunk(const VitWorkspace& workspace, std::size_t first, std::size_t count) const;
  void place_outside(const VitWorkspace& workspace, std::size_t window) const;
  void attend(const VitWorkspace& workspace, std::size_t window, std::size_t head, std::size_t block) const;
  void finish_chunk(const VitWorkspace& workspace, std::size_t first, std::size_t count) const;
  std::size_t head_bytes() const;  // of one head's queries, keys or values of a window
  std::size_t head_at(std::size_t window, std::size_t head) const {
    return (window * shape_.heads + head) * head_bytes();
  }

  VitShape shape_;
  VitWindows windows_;
  kernels::GridShape attention_;
  Norm attention_norm_, mlp_norm_;
  kernels::PackedMatrix qkv_, proj_, fc1_, fc2_;
  kernels::Buffer row_positions_, column_positions_;  // rel_pos_h, rel_pos_w
  kernels::Buffer outside_;                           // [3 * channels] of a token beyond the grid
};

}  // namespace sonde
