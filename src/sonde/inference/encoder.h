// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "sonde/inference/network.h"
#include "sonde/kernels/buffer.h"
#include "sonde/weights/tensor.h"
#include "sonde/weights/variants.h"

namespace sonde {

// Pixels to the image embedding [E*E][C] on the CPU: image_encoder(preprocess(x)), with the published
// normalisation and padding (normalise.h) and the neck (neck.h). The modules are model/image_encoder.cc (ViT)
// and model/tiny_vit.cc.
class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual std::vector<float> encode(const FramePixels& pixels, int threads) const = 0;
};
std::unique_ptr<Encoder> make_tiny_vit_encoder(const NamedTensors& tensors, const TinyVitSizes& sizes,
                                               kernels::Storage storage);
std::unique_ptr<Encoder> make_vit_encoder(const NamedTensors& tensors, const VitSizes& sizes,
                                          kernels::Storage storage);

}  // namespace sonde
