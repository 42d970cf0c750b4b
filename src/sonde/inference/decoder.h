// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "sonde/inference/network.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde {

// Prompt encoder and mask decoder for the CPU. Source: Kirillov et al. 2023, section 3 and appendix A, figure
// 14; step by step in model/prompt_encoder.cc, model/two_way_transformer.cc and model/mask_decoder.cc. Where
// each step is done here, for E*E positions of C channels and T tokens:
//   prompt to tokens [T][C]; a mask prompt to channels of the image    decoder_prompt.cc
//   tokens: self-attention, MLP, norms; hypernetworks and IoU head     decoder_tokens.cc
//   tokens to image, image to tokens: the tokens' side of both         decoder_exchange.cc
//   the same: the image's side [E*E][C], in one pass over it           decoder_pass.cc
//   upscaling to [16*E*E][C/8], times the hypernetworks' weights       decoder_upscale.cc
// The image's side is not computed as published: decoder_image.h says what instead, and why it is equal.
class Decoder {
 public:
  explicit Decoder(const SamTensors& tensors);
  ~Decoder();
  std::shared_ptr<const Network::PreparedImage> prepare(std::span<const float> embedding, int threads) const;
  // Prompts run in parallel; a single one shares its work between the threads. Either gives the same bytes.
  std::vector<std::vector<DecodedMask>> decode(const Network::PreparedImage& image,
                                               std::span<const FramePrompt> prompts, MaskSet masks,
                                               int threads) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace sonde
