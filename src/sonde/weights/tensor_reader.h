// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "sonde/weights/sam_tensors.h"

namespace sonde {

// Bounds of what is believed of a checkpoint; the largest published SAM is at a quarter of each or below.
constexpr std::int64_t kMaxChannels = 1 << 14, kMaxImageSide = 4096, kMaxPatch = 64, kMaxWindow = 64,
                       kMaxLayers = 256;

// Reads the named tensors of one box of the network. Each part of it says in one file under which names: the
// sizes that shapes tell, and the tensors for sizes that are known.
class TensorReader {
 public:
  TensorReader(const NamedTensors& tensors, std::string file, NamedParameters& expected,
               std::string prefix = {})
      : tensors_(tensors), file_(std::move(file)), expected_(expected), prefix_(std::move(prefix)) {}
  TensorReader in(const std::string& box) const { return {tensors_, file_, expected_, prefix_ + box + "."}; }

  // Sizes. Every fault is one Error that names file and tensor.
  bool has(const std::string& name) const { return tensors_.contains(prefix_ + name); }
  const Shape& shape(const std::string& name, std::size_t dimensions) const;
  // How many of PREFIX0SUFFIX, PREFIX1SUFFIX, ... there are.
  std::int64_t count(const std::string& prefix, const std::string& suffix) const;
  void require(bool holds, const std::string& name, const std::string& fault) const {
    if (!holds) refuse(prefix_ + name + " " + fault);
  }

  // Tensors. What is expected is kept; whether it is there is checked for all of them at once (fit_tensors).
  WeightTensor tensor(const std::string& name, Shape shape) const;
  // weight: of a linear layer [out][in], of a convolution [out][in, of its group][h][w], of a norm
  // [channels].
  LayerTensors layer(const std::string& name, const Shape& weight) const {
    return {tensor(name + ".weight", weight), tensor(name + ".bias", {weight[0]})};
  }
  ConvBnTensors conv_bn(const std::string& name, const Shape& weight) const;
  NeckTensors neck(std::int64_t in, std::int64_t out) const;

 private:
  [[noreturn]] void refuse(const std::string& fault) const;

  const NamedTensors& tensors_;
  std::string file_;
  NamedParameters& expected_;
  std::string prefix_;
};

// Of the box `image_encoder`; each family's file has both.
bool has_tiny_vit(const TensorReader& encoder);
TinyVitSizes read_tiny_vit_sizes(const TensorReader& encoder);
TinyVitTensors read_encoder(const TensorReader& encoder, const TinyVitSizes& sizes);
VitSizes read_vit_sizes(const TensorReader& encoder);
VitTensors read_encoder(const TensorReader& encoder, const VitSizes& sizes);
// Of the whole network.
void read_decoder_sizes(const TensorReader& sam, SamSizes& sizes);
PromptEncoderTensors read_prompt_encoder(const TensorReader& encoder, const SamSizes& sizes);
MaskDecoderTensors read_mask_decoder(const TensorReader& decoder, const SamSizes& sizes);

}  // namespace sonde
