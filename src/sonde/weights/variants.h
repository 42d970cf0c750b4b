// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sonde/weights/tensor.h"

namespace sonde {

// What the pixels of a picture are brought to before the image encoder: (x - mean) / std, of RGB from 0 to
// 255 (published build_sam.py).
inline constexpr std::array<float, 3> kPixelMean{123.675F, 116.28F, 103.53F},
    kPixelStd{58.395F, 57.12F, 57.375F};

// Sizes of the networks, as data. Defaults: Kirillov et al. 2023, appendix A (published build_sam.py), and
// MobileSAM's TinyViT-5M.
struct VitSizes {
  std::int64_t image_size = 1024, patch_size = 16;
  std::int64_t embed_dim = 768, depth = 12, num_heads = 12, mlp_dim = 3072;
  std::int64_t window_size = 14;
  std::vector<std::int64_t> global_attn_indexes{2, 5, 8, 11};
  std::int64_t out_chans = 256;
  std::int64_t stride() const { return patch_size; }  // pixels from element to element of the embedding
  friend bool operator==(const VitSizes&, const VitSizes&) = default;
};
struct TinyVitSizes {
  std::int64_t image_size = 1024;
  std::array<std::int64_t, 4> embed_dims{64, 128, 160, 320}, depths{2, 2, 6, 2}, num_heads{2, 4, 5, 10},
      window_sizes{7, 7, 14, 7};
  std::int64_t mlp_ratio = 4, out_chans = 256;
  static constexpr std::int64_t stride() { return 16; }
  friend bool operator==(const TinyVitSizes&, const TinyVitSizes&) = default;
};
struct SamSizes {
  std::string architecture;  // "vit_b", "vit_l", "vit_h", "vit_t" (TinyViT), or "vit" for other sizes
  std::variant<VitSizes, TinyVitSizes> image_encoder;
  std::int64_t prompt_embed_dim = 256, num_mask_tokens = 4, decoder_depth = 2, decoder_heads = 8,
               decoder_mlp_dim = 2048, iou_head_depth = 3, iou_head_hidden_dim = 256, mask_in_chans = 16;
  std::int64_t class_count = 0;  // learned tokens of class names, sonde's own; none as published
  friend bool operator==(const SamSizes&, const SamSizes&) = default;
};

// Side of the square picture that the network takes, in pixels, and of the image embedding that it gives, in
// elements.
std::int64_t image_size(const SamSizes& sizes);
std::int64_t embedding_side(const SamSizes& sizes);

SamSizes vit_b_sizes();
SamSizes vit_l_sizes();
SamSizes vit_h_sizes();
SamSizes mobile_sam_sizes();

// The sizes that a checkpoint's tensors have (names as published). Throws Error{corrupt_data} with `file` and
// the tensor that does not fit if they are not SAM, or where a size is beyond any use (so that a crafted file
// cannot ask for more memory than it is worth). What tensors do not tell is taken as published: TinyViT's
// image size, the heads of the decoder.
SamSizes sizes_from_tensors(const NamedTensors& tensors, const std::string& file);

}  // namespace sonde
