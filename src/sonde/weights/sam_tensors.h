// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sonde/weights/tensor.h"
#include "sonde/weights/variants.h"

namespace sonde {

// The tensors of a SAM, box by box of the paper. Their published names and their shapes are said in the file
// of the family: vit_tensors.cc, tiny_vit_tensors.cc, decoder_tensors.cc; model/ has the same names as
// modules.

struct LayerTensors {  // linear, convolution or norm
  WeightTensor weight, bias;
};
struct ConvBnTensors {  // a convolution without bias and the batch norm after it
  WeightTensor weight;
  LayerTensors norm;
  WeightTensor mean, variance;
};
struct NeckTensors {
  WeightTensor conv1, conv2;
  LayerTensors norm1, norm2;
};

struct VitBlockTensors {
  LayerTensors norm1, qkv, proj, norm2, lin1, lin2;
  WeightTensor rel_pos_h, rel_pos_w;
};
struct VitTensors {
  VitSizes sizes;
  LayerTensors patch_embed;
  WeightTensor pos_embed;
  std::vector<VitBlockTensors> blocks;
  NeckTensors neck;
};

struct TinyVitBlockTensors {
  LayerTensors attn_norm, qkv, proj, mlp_norm, fc1, fc2;
  WeightTensor attention_biases;
  ConvBnTensors local_conv;
};
struct BottleneckTensors {
  ConvBnTensors conv1, conv2, conv3;
};
struct TinyVitStageTensors {
  std::vector<BottleneckTensors> convolutions;  // of the first stage
  std::vector<TinyVitBlockTensors> blocks;      // of the others
  std::optional<BottleneckTensors> downsample;  // of all but the last
};
struct TinyVitTensors {
  TinyVitSizes sizes;
  ConvBnTensors patch_embed1, patch_embed2;
  std::array<TinyVitStageTensors, 4> stages;
  NeckTensors neck;
};

struct PromptEncoderTensors {
  WeightTensor gaussian_matrix;
  std::array<WeightTensor, 4> point_embeddings;
  WeightTensor not_a_point, no_mask;
  std::optional<WeightTensor> class_embeddings;  // [classes][channels]
  LayerTensors mask_conv1, mask_norm1, mask_conv2, mask_norm2, mask_conv3;
};
struct AttentionTensors {
  LayerTensors q, k, v, out;
};
struct DecoderLayerTensors {
  AttentionTensors self, token_to_image, image_to_token;
  LayerTensors norm1, norm2, norm3, norm4, lin1, lin2;
};
struct MaskDecoderTensors {
  std::vector<DecoderLayerTensors> layers;
  AttentionTensors final_attention;
  LayerTensors final_norm;
  WeightTensor iou_token, mask_tokens;
  LayerTensors upscaling_conv1, upscaling_norm, upscaling_conv2;
  std::vector<std::vector<LayerTensors>> hypernetworks;  // of each mask token
  std::vector<LayerTensors> iou_head;
  std::vector<LayerTensors> object_score_head;  // empty where there are no classes
};

using EncoderTensors = std::variant<VitTensors, TinyVitTensors>;
struct SamTensors {
  SamSizes sizes;
  EncoderTensors image_encoder;
  PromptEncoderTensors prompt_encoder;
  MaskDecoderTensors mask_decoder;
};

// What a network of some sizes consists of, by published name: parameters, and the buffers that are kept with
// them.
struct Parameter {
  Shape shape;
  NumberType type = NumberType::f32;  // a checkpoint may have another floating-point type
};
using NamedParameters = std::map<std::string, Parameter>;
NamedParameters parameters_of(const SamSizes& sizes);

// A checkpoint's tensors where the network has them. Throws Error{corrupt_data} that names `file` and the
// missing, extra and misshapen tensors. Tolerated extras: pixel_mean and pixel_std, TinyViT's classifier
// (norm_head, head) and its attention_bias_idxs. num_batches_tracked may be absent.
SamTensors fit_tensors(const NamedTensors& tensors, const SamSizes& sizes, const std::string& file);

}  // namespace sonde
