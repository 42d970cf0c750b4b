// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/image_encoder.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "sonde/model/recomputed.h"

namespace sonde {
namespace {

// Attention scores that may exist at once, in elements: one head of 4096 tokens.
constexpr std::int64_t kScoreBudget = std::int64_t{1} << 24;

std::int64_t grid_side(const VitSizes& sizes) { return sizes.image_size / sizes.patch_size; }

}  // namespace

torch::Tensor relative_positions(const torch::Tensor& table, std::int64_t side) {
  const auto position = torch::arange(side, table.options().dtype(torch::kLong).requires_grad(false));
  const auto offset = position.unsqueeze(1) - position.unsqueeze(0) + (side - 1);  // [query,key]
  return table.index_select(0, offset.flatten()).view({side, side, table.size(1)});
}

VitAttentionImpl::VitAttentionImpl(std::int64_t dim, std::int64_t heads, std::int64_t side)
    : qkv(register_module("qkv", nn::Linear(dim, 3 * dim))),
      proj(register_module("proj", nn::Linear(dim, dim))),
      rel_pos_h(register_parameter("rel_pos_h", nn::unfilled({2 * side - 1, dim / heads}))),
      rel_pos_w(register_parameter("rel_pos_w", nn::unfilled({2 * side - 1, dim / heads}))),
      num_heads(heads) {}

torch::Tensor VitAttentionImpl::forward(const torch::Tensor& x) {
  const auto B = x.size(0), H = x.size(1), W = x.size(2), C = x.size(3);
  const auto groups = B * num_heads;
  const auto parts = qkv(x)
                         .view({B, H * W, 3, num_heads, C / num_heads})
                         .permute({2, 0, 3, 1, 4})
                         .reshape({3, groups, H * W, C / num_heads});
  const auto q = parts[0], k = parts[1], v = parts[2];  // [B*heads,H*W,c]
  // The bias of query (h,w) and key (i,j) is q.R_h[h,i] + q.R_w[w,j], with q not yet scaled.
  const auto q_grid = q.view({groups, H, W, C / num_heads});
  const auto bias_h = at::einsum("ghwc,hic->ghwi", {q_grid, relative_positions(rel_pos_h, H)});
  const auto bias_w = at::einsum("ghwc,wjc->ghwj", {q_grid, relative_positions(rel_pos_w, W)});
  const auto scaled = q * (1.0 / std::sqrt(static_cast<double>(C / num_heads)));
  const auto step = std::max<std::int64_t>(1, kScoreBudget / (H * W * H * W));
  const auto attend = [H, W](const nn::Tensors& in) {
    auto scores = at::bmm(in[0], in[1].transpose(1, 2));
    scores.view({-1, H, W, H, W}).add_(in[3].unsqueeze(-1)).add_(in[4].unsqueeze(-2));
    return at::bmm(at::softmax(scores, -1), in[2]);
  };
  std::vector<torch::Tensor> outputs;
  for (std::int64_t first = 0; first < groups; first += step) {
    const auto last = std::min(groups, first + step);
    const auto part = [&](const torch::Tensor& all) { return all.slice(0, first, last); };
    outputs.push_back(
        nn::recomputed_function(attend, {part(scaled), part(k), part(v), part(bias_h), part(bias_w)}));
  }
  const auto out = outputs.size() == 1 ? outputs.front() : at::cat(outputs);  // [B*heads,H*W,c]
  return proj(out.view({B, num_heads, H, W, -1}).permute({0, 2, 3, 1, 4}).reshape({B, H, W, C}));
}

VitBlockImpl::VitBlockImpl(const VitSizes& sizes, Reach attention_reach)
    : norm1(register_module("norm1", nn::LayerNorm(sizes.embed_dim, 1e-6))),
      norm2(register_module("norm2", nn::LayerNorm(sizes.embed_dim, 1e-6))),
      attn(register_module(
          "attn", VitAttention(sizes.embed_dim, sizes.num_heads,
                               attention_reach == Reach::global ? grid_side(sizes) : sizes.window_size))),
      mlp(register_module("mlp", nn::MlpBlock(sizes.embed_dim, sizes.mlp_dim, nn::Activation::gelu))),
      reach(attention_reach),
      window_size(sizes.window_size) {}

torch::Tensor VitBlockImpl::forward(const torch::Tensor& x) {
  const auto normed = norm1(x);
  const auto attended =
      reach == Reach::global
          ? attn(normed)
          : nn::grid_from_windows(attn(nn::windows_from_grid(normed, window_size)), x.size(1), x.size(2));
  const auto sum = x + attended;
  return sum + mlp(norm2(sum));
}

PatchEmbedImpl::PatchEmbedImpl(const VitSizes& sizes)
    : proj(register_module("proj", nn::Conv2d(nn::ConvSizes{.in = 3,
                                                            .out = sizes.embed_dim,
                                                            .kernel = sizes.patch_size,
                                                            .stride = sizes.patch_size},
                                              nn::ConvBias::learned))) {}

torch::Tensor PatchEmbedImpl::forward(const torch::Tensor& pixels) {
  return proj(pixels).permute({0, 2, 3, 1});
}

ImageEncoderVit::ImageEncoderVit(const VitSizes& sizes)
    : patch_embed(register_module("patch_embed", PatchEmbed(sizes))),
      pos_embed(register_parameter("pos_embed",
                                   nn::unfilled({1, grid_side(sizes), grid_side(sizes), sizes.embed_dim}))),
      blocks(register_module("blocks", std::make_shared<nn::List<VitBlock>>())),
      neck(register_module("neck", nn::Neck(sizes.embed_dim, sizes.out_chans))) {
  const auto& global = sizes.global_attn_indexes;
  for (std::int64_t i = 0; i < sizes.depth; ++i) {
    const bool is_global = std::find(global.begin(), global.end(), i) != global.end();
    blocks->push_back(VitBlock(sizes, is_global ? VitBlockImpl::Reach::global : VitBlockImpl::Reach::window));
  }
}

torch::Tensor ImageEncoderVit::forward(const torch::Tensor& pixels) {
  auto x = (patch_embed(pixels) + pos_embed).contiguous();  // [B,S/patch,S/patch,embed_dim]
  for (auto& block : blocks->items) x = nn::recomputed(block, x);
  return neck(x);
}

}  // namespace sonde
