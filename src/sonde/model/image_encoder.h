// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "sonde/model/common.h"
#include "sonde/model/torch.h"
#include "sonde/weights/variants.h"

namespace sonde {

// The plain vision transformer of SAM: windowed attention with a few global blocks, positions absolute and
// relative. Source: Kirillov et al. 2023, section 3 and appendix A; Li et al. 2022 (ViTDet, MViTv2 for the
// decomposed relative positions).

// table: [2*side-1,C], learned embeddings of the offsets -(side-1) .. side-1. Returns [side,side,C]: query
// position, key position.
torch::Tensor relative_positions(const torch::Tensor& table, std::int64_t side);

struct VitAttentionImpl : torch::nn::Module {
  // side: of the square of tokens that see each other.
  VitAttentionImpl(std::int64_t dim, std::int64_t heads, std::int64_t side);
  torch::Tensor forward(const torch::Tensor& x);  // [B,side,side,dim] -> the same
  nn::Linear qkv{nullptr}, proj{nullptr};
  torch::Tensor rel_pos_h, rel_pos_w;
  std::int64_t num_heads;
};
TORCH_MODULE(VitAttention);

struct VitBlockImpl : torch::nn::Module {
  enum class Reach { window, global };
  VitBlockImpl(const VitSizes& sizes, Reach attention_reach);
  torch::Tensor forward(const torch::Tensor& x);  // [B,H,W,embed_dim] -> the same
  nn::LayerNorm norm1{nullptr}, norm2{nullptr};
  VitAttention attn{nullptr};
  nn::MlpBlock mlp{nullptr};
  Reach reach;
  std::int64_t window_size;
};
TORCH_MODULE(VitBlock);

struct PatchEmbedImpl : torch::nn::Module {
  explicit PatchEmbedImpl(const VitSizes& sizes);
  torch::Tensor forward(const torch::Tensor& pixels);  // [B,3,S,S] -> [B,S/patch,S/patch,embed_dim]
  nn::Conv2d proj{nullptr};
};
TORCH_MODULE(PatchEmbed);

struct ImageEncoderVit : ImageEncoder {
  explicit ImageEncoderVit(const VitSizes& sizes);
  torch::Tensor forward(const torch::Tensor& pixels) override;
  PatchEmbed patch_embed{nullptr};
  torch::Tensor pos_embed;  // [1,S/patch,S/patch,embed_dim]
  std::shared_ptr<nn::List<VitBlock>> blocks;
  nn::Neck neck{nullptr};
};

}  // namespace sonde
