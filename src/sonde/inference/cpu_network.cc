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
  CpuNetwork(const NamedTensors& tensors, const SamSizes& sizes, const CpuNetworkOptions& options)
      : threads_(options.threads) {
    parallel_for(threads_, 2, [&](std::int64_t part) {
      if (part == 0) {
        encoder_ = make_encoder(tensors, sizes, options.storage);
      } else {
        decoder_ = std::make_unique<Decoder>(tensors, sizes);
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
                                               MaskTokens tokens) const override {
    return decoder_->decode(image, prompts, tokens, threads_);
  }

 private:
  static std::unique_ptr<Encoder> make_encoder(const NamedTensors& tensors, const SamSizes& sizes,
                                               kernels::Storage storage) {
    if (const auto* vit = std::get_if<VitSizes>(&sizes.image_encoder))
      return make_vit_encoder(tensors, *vit, storage);
    return make_tiny_vit_encoder(tensors, std::get<TinyVitSizes>(sizes.image_encoder), storage);
  }

  int threads_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace

std::unique_ptr<Network> make_cpu_network(const NamedTensors& tensors, const SamSizes& sizes,
                                          const CpuNetworkOptions& options) {
  return std::make_unique<CpuNetwork>(tensors, sizes, options);
}

}  // namespace sonde
