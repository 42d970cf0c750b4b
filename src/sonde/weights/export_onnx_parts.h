// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sonde/weights/onnx_builder.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde {

// The parts of onnx_decoder.

struct OnnxPromptInputs {
  OnnxBuilder::Value point_coords, point_labels, mask_input, has_mask_input;
};
struct OnnxPromptValues {
  OnnxBuilder::Value tokens;           // [1,N,C]
  OnnxBuilder::Value image;            // the mask, or that there is none: [1,C,E,E], to add to the embedding
  OnnxBuilder::Value image_positions;  // [1,E*E,C]
};
OnnxPromptValues add_prompt_encoder(const OnnxBuilder& encoder, const OnnxPromptInputs& inputs,
                                    const SamTensors& sam);

struct OnnxMasks {
  OnnxBuilder::Value low_res, iou;  // [1,T,4E,4E], [1,T]
};
OnnxMasks add_mask_decoder(const OnnxBuilder& decoder, const OnnxPromptValues& prompt, const SamTensors& sam,
                           const OnnxBuilder::Value& image_embeddings);

// The mask whose token is best for a prompt of N points, [1,1,4E,4E] and [1,1].
OnnxMasks add_choice(const OnnxBuilder& builder, const OnnxMasks& masks,
                     const OnnxBuilder::Value& point_coords, std::int64_t mask_tokens);
// Logits in the frame to those of the picture, [1,T,height,width].
OnnxBuilder::Value add_enlargement(const OnnxBuilder& builder, const OnnxBuilder::Value& low_res,
                                   const OnnxBuilder::Value& orig_im_size, std::int64_t mask_count,
                                   std::int64_t image_side);

}  // namespace sonde
