// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "sonde/inference/network.h"
#include "sonde/kernels/buffer.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde {

// Pixels to the image embedding [E*E][C] on the CPU: image_encoder(preprocess(x)), with the published
// normalisation and padding (normalise.h) and the neck (neck.h). The modules are model/image_encoder.cc (ViT)
// and model/tiny_vit.cc.
class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual std::vector<float> encode(const FramePixels& pixels, int threads) const = 0;
};
// One for each family: std::visit over SamTensors::image_encoder finds it.
std::unique_ptr<Encoder> make_encoder(const TinyVitTensors& encoder, kernels::Storage storage);
std::unique_ptr<Encoder> make_encoder(const VitTensors& encoder, kernels::Storage storage);

}  // namespace sonde
