// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sonde/model/sam.h"
#include "sonde/model/torch.h"

namespace sonde {

// The mask decoder for one prompt, with gradients, at a fifth of the published order's cost. A prompt's T
// tokens are few and the image's positions many, so no position is projected for the attention between them:
// a head's score q . (A x) of a position x is had as (q A) . x, and its sum of values, of weights p, as
// A (sum of p x). So the gradients of the projections are products of a few rows as well. Equal to
// MaskDecoder but for the order of summation; a key's bias, which softmax does not see, is left out.
// (model/two_way_transformer.cc, model/mask_decoder.cc)
struct FactoredPrompt {
  torch::Tensor image;   // [E*E,C]
  torch::Tensor sparse;  // [N,C]
  torch::Tensor dense;   // [E*E,C] or [1,C]
};
struct FactoredAnswer {
  torch::Tensor logits;  // [masks,4*E,4*E]
  torch::Tensor iou;     // [masks]
  torch::Tensor tokens;  // [1+masks+N,C]: the IoU token, the mask tokens, the prompt
};
FactoredAnswer decode(SamImpl& sam, const FactoredPrompt& prompt);

}  // namespace sonde
