// SPDX-License-Identifier: Apache-2.0
#include "sonde/inference/cpu_network.h"

#include <algorithm>
#include <utility>

#include "sonde/core/parallel.h"
#include "sonde/inference/decoder.h"
#include "sonde/inference/encoder.h"

namespace sonde {
namespace {

class CpuNetwork : public Network {
 public:
  CpuNetwork(const SamTensors& tensors, const CpuNetworkOptions& options) : threads_(options.threads) {
    parallel_for(threads_, 2, [&](std::int64_t part) {
      if (part == 0) {
        encoder_ = std::visit([&](const auto& family) { return make_encoder(family, options.storage); },
                              tensors.image_encoder);
      } else {
        decoder_ = std::make_unique<Decoder>(tensors);
      }
    });
  }

  std::vector<float> encode(const FramePixels& pixels) const override {
    return encoder_->encode(pixels, threads_);
  }
  std::shared_ptr<const PreparedImage> prepare(std::span<const float> embedding) const override {
    return decoder_->prepare(embedding, threads_);
  }
  std::vector<std::vector<DecodedMask>> decode(const PreparedImage& image,
                                               std::span<const FramePrompt> prompts,
                                               MaskSet masks) const override {
    return decoder_->decode(image, prompts, masks, threads_);
  }

 private:
  int threads_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace

std::unique_ptr<Network> make_cpu_network(const SamTensors& tensors, const CpuNetworkOptions& options) {
  return std::make_unique<CpuNetwork>(tensors, options);
}

}  // namespace sonde
