// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "sonde/inference/network.h"
#include "sonde/weights/tensor.h"
#include "sonde/weights/variants.h"

namespace sonde {

// Prompt encoder and mask decoder for the CPU. Source: Kirillov et al. 2023, section 3 and appendix A.
class Decoder {
 public:
  Decoder(const NamedTensors& tensors, const SamSizes& sizes);
  ~Decoder();
  std::shared_ptr<const Network::PreparedImage> prepare(std::span<const float> embedding, int threads) const;
  // Prompts run in parallel; a single one shares its work between the threads. Either gives the same bytes.
  std::vector<std::vector<DecodedMask>> decode(const Network::PreparedImage& image,
                                               std::span<const FramePrompt> prompts, MaskTokens tokens,
                                               int threads) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace sonde
