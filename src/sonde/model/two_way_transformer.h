// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "sonde/model/common.h"
#include "sonde/model/torch.h"
#include "sonde/weights/variants.h"

namespace sonde {

// The mask decoder's transformer: tokens attend to themselves and to the image, the image attends to the
// tokens. Source: Kirillov et al. 2023, appendix A, figure 14.

struct QueriesAndKeys {
  torch::Tensor queries;  // [B,N,C] tokens
  torch::Tensor keys;     // [B,M,C] image, M = H*W; on the way in [1,M,C] if all prompts share it
};
struct Positions {
  torch::Tensor queries;  // [B,N,C] the tokens as they came in
  torch::Tensor keys;     // [1,M,C]
};

struct DecoderAttentionImpl : torch::nn::Module {
  DecoderAttentionImpl(std::int64_t dim, std::int64_t heads, std::int64_t downsample_rate);
  // q: [B,N,C], k and v: [B,M,C]; a batch of 1 is shared. Returns [B,N,C].
  torch::Tensor forward(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v);
  nn::Linear q_proj{nullptr}, k_proj{nullptr}, v_proj{nullptr}, out_proj{nullptr};
  std::int64_t num_heads;

 private:
  torch::Tensor separate_heads(const torch::Tensor& x) const;  // [B,N,heads*c] -> [B,heads,N,c]
};
TORCH_MODULE(DecoderAttention);

struct TwoWayAttentionBlockImpl : torch::nn::Module {
  enum class FirstLayer {
    no,
    yes
  };  // the first adds no positions in its self-attention and has no residual there
  TwoWayAttentionBlockImpl(const SamSizes& sizes, FirstLayer is_first);
  QueriesAndKeys forward(const QueriesAndKeys& in, const Positions& positions);
  DecoderAttention self_attn{nullptr}, cross_attn_token_to_image{nullptr}, cross_attn_image_to_token{nullptr};
  nn::LayerNorm norm1{nullptr}, norm2{nullptr}, norm3{nullptr}, norm4{nullptr};
  nn::MlpBlock mlp{nullptr};
  FirstLayer first;
};
TORCH_MODULE(TwoWayAttentionBlock);

struct TwoWayTransformerImpl : torch::nn::Module {
  explicit TwoWayTransformerImpl(const SamSizes& sizes);
  // image: [1 or B,C,H,W]; image_pe: [1,C,H,W]; tokens: [B,N,C].
  QueriesAndKeys forward(const torch::Tensor& image, const torch::Tensor& image_pe,
                         const torch::Tensor& tokens);
  std::shared_ptr<nn::List<TwoWayAttentionBlock>> layers;
  DecoderAttention final_attn_token_to_image{nullptr};
  nn::LayerNorm norm_final_attn{nullptr};
};
TORCH_MODULE(TwoWayTransformer);

}  // namespace sonde
