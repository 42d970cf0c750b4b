// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "sonde/weights/fit.h"

namespace sonde {
namespace {

constexpr std::int64_t kColours = 3, kTinyVitExpansion = 4, kHypernetworkDepth = 3;

// Collects parameters; each function adds those of one box of the network, under its name.
class Collector {
 public:
  void add(const std::string& name, Shape shape) { found_[name] = {.shape = std::move(shape)}; }

  void linear(const std::string& name, std::int64_t in, std::int64_t out) {
    add(name + ".weight", {out, in});
    add(name + ".bias", {out});
  }
  void norm(const std::string& name, std::int64_t channels) {
    add(name + ".weight", {channels});
    add(name + ".bias", {channels});
  }
  void convolution(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t kernel) {
    add(name + ".weight", {out, in, kernel, kernel});
    add(name + ".bias", {out});
  }
  // in: channels per group.
  void normed_convolution(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t kernel) {
    add(name + ".c.weight", {out, in, kernel, kernel});
    for (const char* part : {".bn.weight", ".bn.bias", ".bn.running_mean", ".bn.running_var"})
      add(name + part, {out});
    found_[name + ".bn.num_batches_tracked"] = {.shape = {}, .type = NumberType::i64};
  }
  void neck(std::int64_t in, std::int64_t out) {
    const std::string name = "image_encoder.neck.";
    add(name + "0.weight", {out, in, 1, 1});
    norm(name + "1", out);
    add(name + "2.weight", {out, out, 3, 3});
    norm(name + "3", out);
  }
  std::map<std::string, Parameter> take() { return std::move(found_); }

 private:
  std::map<std::string, Parameter> found_;
};

void add_encoder(Collector& all, const VitSizes& sizes) {
  const std::string encoder = "image_encoder.";
  const auto dim = sizes.embed_dim, grid = sizes.image_size / sizes.patch_size;
  all.convolution(encoder + "patch_embed.proj", kColours, dim, sizes.patch_size);
  all.add(encoder + "pos_embed", {1, grid, grid, dim});
  for (std::int64_t i = 0; i < sizes.depth; ++i) {
    const auto block = encoder + "blocks." + std::to_string(i);
    const bool is_global = std::ranges::find(sizes.global_attn_indexes, i) != sizes.global_attn_indexes.end();
    const Shape positions{2 * (is_global ? grid : sizes.window_size) - 1, dim / sizes.num_heads};
    all.norm(block + ".norm1", dim);
    all.norm(block + ".norm2", dim);
    all.linear(block + ".attn.qkv", dim, 3 * dim);
    all.linear(block + ".attn.proj", dim, dim);
    all.add(block + ".attn.rel_pos_h", positions);
    all.add(block + ".attn.rel_pos_w", positions);
    all.linear(block + ".mlp.lin1", dim, sizes.mlp_dim);
    all.linear(block + ".mlp.lin2", sizes.mlp_dim, dim);
  }
  all.neck(dim, sizes.out_chans);
}

void add_attention_block(Collector& all, const std::string& block, const TinyVitSizes& sizes,
                         std::size_t stage) {
  const auto dim = sizes.embed_dims.at(stage), window = sizes.window_sizes.at(stage);
  all.norm(block + ".attn.norm", dim);
  all.linear(block + ".attn.qkv", dim, 3 * dim);
  all.linear(block + ".attn.proj", dim, dim);
  all.add(block + ".attn.attention_biases", {sizes.num_heads.at(stage), window * window});
  all.norm(block + ".mlp.norm", dim);
  all.linear(block + ".mlp.fc1", dim, sizes.mlp_ratio * dim);
  all.linear(block + ".mlp.fc2", sizes.mlp_ratio * dim, dim);
  all.normed_convolution(block + ".local_conv", 1, dim, 3);
}

void add_convolution_block(Collector& all, const std::string& block, std::int64_t dim) {
  const auto wide = kTinyVitExpansion * dim;
  all.normed_convolution(block + ".conv1", dim, wide, 1);
  all.normed_convolution(block + ".conv2", 1, wide, 3);
  all.normed_convolution(block + ".conv3", wide, dim, 1);
}

void add_encoder(Collector& all, const TinyVitSizes& sizes) {
  const std::string encoder = "image_encoder.";
  const auto& dims = sizes.embed_dims;
  all.normed_convolution(encoder + "patch_embed.seq.0", kColours, dims[0] / 2, 3);
  all.normed_convolution(encoder + "patch_embed.seq.2", dims[0] / 2, dims[0], 3);
  for (std::size_t stage = 0; stage < dims.size(); ++stage) {
    const auto layer = encoder + "layers." + std::to_string(stage);
    for (std::int64_t i = 0; i < sizes.depths.at(stage); ++i) {
      const auto block = layer + ".blocks." + std::to_string(i);
      if (stage == 0) {
        add_convolution_block(all, block, dims[0]);
      } else {
        add_attention_block(all, block, sizes, stage);
      }
    }
    if (stage + 1 == dims.size()) continue;
    const auto out = dims.at(stage + 1);
    all.normed_convolution(layer + ".downsample.conv1", dims.at(stage), out, 1);
    all.normed_convolution(layer + ".downsample.conv2", 1, out, 3);
    all.normed_convolution(layer + ".downsample.conv3", out, out, 1);
  }
  all.neck(dims.back(), sizes.out_chans);
}

void add_prompt_encoder(Collector& all, const SamSizes& sizes) {
  const std::string encoder = "prompt_encoder.", downscaling = encoder + "mask_downscaling.";
  const auto dim = sizes.prompt_embed_dim, channels = sizes.mask_in_chans;
  all.add(encoder + "pe_layer.positional_encoding_gaussian_matrix", {2, dim / 2});
  for (int i = 0; i < 4; ++i)
    all.add(encoder + "point_embeddings." + std::to_string(i) + ".weight", {1, dim});
  all.add(encoder + "not_a_point_embed.weight", {1, dim});
  all.add(encoder + "no_mask_embed.weight", {1, dim});
  all.convolution(downscaling + "0", 1, channels / 4, 2);
  all.norm(downscaling + "1", channels / 4);
  all.convolution(downscaling + "3", channels / 4, channels, 2);
  all.norm(downscaling + "4", channels);
  all.convolution(downscaling + "6", channels, dim, 1);
}

void add_attention(Collector& all, const std::string& name, std::int64_t dim, std::int64_t inner) {
  for (const char* part : {".q_proj", ".k_proj", ".v_proj"}) all.linear(name + part, dim, inner);
  all.linear(name + ".out_proj", inner, dim);
}

void add_transformer(Collector& all, const SamSizes& sizes) {
  const std::string transformer = "mask_decoder.transformer.";
  const auto dim = sizes.prompt_embed_dim;
  for (std::int64_t i = 0; i < sizes.decoder_depth; ++i) {
    const auto layer = transformer + "layers." + std::to_string(i);
    add_attention(all, layer + ".self_attn", dim, dim);
    add_attention(all, layer + ".cross_attn_token_to_image", dim, dim / 2);
    add_attention(all, layer + ".cross_attn_image_to_token", dim, dim / 2);
    for (const char* part : {".norm1", ".norm2", ".norm3", ".norm4"}) all.norm(layer + part, dim);
    all.linear(layer + ".mlp.lin1", dim, sizes.decoder_mlp_dim);
    all.linear(layer + ".mlp.lin2", sizes.decoder_mlp_dim, dim);
  }
  add_attention(all, transformer + "final_attn_token_to_image", dim, dim / 2);
  all.norm(transformer + "norm_final_attn", dim);
}

struct MlpSizes {
  std::int64_t in, hidden, out, depth;
};
void add_mlp(Collector& all, const std::string& name, const MlpSizes& sizes) {
  for (std::int64_t i = 0; i < sizes.depth; ++i) {
    all.linear(name + ".layers." + std::to_string(i), i == 0 ? sizes.in : sizes.hidden,
               i + 1 == sizes.depth ? sizes.out : sizes.hidden);
  }
}

void add_mask_decoder(Collector& all, const SamSizes& sizes) {
  const std::string decoder = "mask_decoder.", upscaling = decoder + "output_upscaling.";
  const auto dim = sizes.prompt_embed_dim, tokens = sizes.num_mask_tokens;
  add_transformer(all, sizes);
  all.add(decoder + "iou_token.weight", {1, dim});
  all.add(decoder + "mask_tokens.weight", {tokens, dim});
  all.add(upscaling + "0.weight", {dim, dim / 4, 2, 2});  // transposed convolutions: in, out
  all.add(upscaling + "0.bias", {dim / 4});
  all.norm(upscaling + "1", dim / 4);
  all.add(upscaling + "3.weight", {dim / 4, dim / 8, 2, 2});
  all.add(upscaling + "3.bias", {dim / 8});
  for (std::int64_t i = 0; i < tokens; ++i) {
    add_mlp(all, decoder + "output_hypernetworks_mlps." + std::to_string(i),
            {.in = dim, .hidden = dim, .out = dim / 8, .depth = kHypernetworkDepth});
  }
  add_mlp(all, decoder + "iou_prediction_head",
          {.in = dim, .hidden = sizes.iou_head_hidden_dim, .out = tokens, .depth = sizes.iou_head_depth});
}

}  // namespace

std::map<std::string, Parameter> parameters_of(const SamSizes& sizes) {
  Collector all;
  std::visit([&](const auto& encoder) { add_encoder(all, encoder); }, sizes.image_encoder);
  add_prompt_encoder(all, sizes);
  add_mask_decoder(all, sizes);
  return all.take();
}

}  // namespace sonde
