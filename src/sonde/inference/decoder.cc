// SPDX-License-Identifier: Apache-2.0
#include "sonde/inference/decoder.h"

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "sonde/core/parallel.h"
#include "sonde/inference/decoder_image.h"
#include "sonde/inference/decoder_prompt.h"
#include "sonde/inference/decoder_tokens.h"
#include "sonde/inference/decoder_upscale.h"
#include "sonde/inference/decoder_weights.h"

namespace sonde {

struct Decoder::Impl {
  Impl(const NamedTensors& tensors, const SamSizes& sizes) : weights(tensors, sizes) {}

  // The same for all images; computed when the first is prepared.
  const kernels::Buffer& positions(int threads) const {
    std::call_once(have_positions, [&] { the_positions = decoder::project_positions(weights, threads); });
    return the_positions;
  }

  decoder::Weights weights;
  mutable std::once_flag have_positions;
  mutable kernels::Buffer the_positions;
};

namespace {

constexpr std::size_t kLogitsPerPosition = 16;

// One prompt's way through the decoder.
class PromptPass {
 public:
  PromptPass(const decoder::Weights& weights, const kernels::Buffer& positions,
             const decoder::PreparedImage& image, const FramePrompt& prompt, int threads)
      : weights_(weights),
        positions_(positions),
        image_(image),
        threads_(threads),
        above_iou_(prompt.above_iou) {
    tokens_.queries = tokens_.positions = decoder::tokens_of(weights, prompt);
    tokens_.count = tokens_.queries.size() / weights.sizes.channels;
    state_ =
        decoder::start_state(weights, tokens_.count, decoder::mask_features(weights.sizes, prompt), scratch_);
    decoder::add_mask(weights, prompt, threads, state_);
  }

  std::vector<DecodedMask> decode(MaskTokens wanted) {
    const std::size_t layers = weights_.sizes.layers;
    for (std::size_t i = 0; i < layers; ++i) {
      const decoder::Layer& layer = weights_.layers[i];
      decoder::attend_to_themselves(layer, i == 0 ? decoder::FirstLayer::yes : decoder::FirstLayer::no,
                                    weights_.sizes.heads, tokens_);
      exchange(i, layer.norm2);
      decoder::think(layer, tokens_);
      answer_ = decoder::make_answer(weights_, i, tokens_.queries.data(), tokens_.positions.data(), state_,
                                     scratch_);
    }
    exchange(layers, weights_.final_norm);
    return masks(wanted);
  }

 private:
  // The tokens tell the image what the layer before made of them, then ask it.
  void exchange(std::size_t layer, const decoder::Norm& norm) {
    kernels::ScratchScope scratch;
    const float *queries = tokens_.queries.data(), *positions = tokens_.positions.data();
    const bool has_answer = layer > 0;
    const decoder::Question question =
        decoder::make_question(weights_, layer, queries, positions, state_, scratch);
    auto* attended = scratch.take<float>(tokens_.count * weights_.sizes.inner);
    decoder::run_pass({.weights = weights_,
                       .positions = positions_,
                       .image = image_,
                       .state = state_,
                       .answer = has_answer ? &answer_ : nullptr,
                       .question = question},
                      threads_, attended);
    decoder::take_answer(*question.attention, norm, attended, tokens_);
  }

  std::vector<DecodedMask> masks(MaskTokens wanted) const {
    const decoder::Sizes& sizes = weights_.sizes;
    const std::vector<float> iou = decoder::evaluate(weights_.iou_head, token(0));
    std::vector<DecodedMask> masks(token_count(wanted));
    std::vector<std::span<float>> logits;
    std::vector<float> hyper;
    for (std::size_t i = 0; i < masks.size(); ++i) {
      const std::size_t mask_token = first_token(wanted) + i;
      masks[i].predicted_iou = iou[mask_token];
      if (above_iou_ && !(static_cast<double>(iou[mask_token]) > *above_iou_)) continue;
      const auto of_token = decoder::evaluate(weights_.hypernetworks[mask_token], token(1 + mask_token));
      hyper.insert(hyper.end(), of_token.begin(), of_token.end());
      masks[i].logits.resize(kLogitsPerPosition * sizes.positions);
      logits.emplace_back(masks[i].logits);
    }
    if (!logits.empty()) decoder::upscale(weights_, image_, state_, hyper, threads_, logits);
    return masks;
  }

  const float* token(std::size_t i) const { return tokens_.queries.data() + i * weights_.sizes.channels; }

  const decoder::Weights& weights_;
  const kernels::Buffer& positions_;
  const decoder::PreparedImage& image_;
  int threads_;
  std::optional<double> above_iou_;
  kernels::ScratchScope scratch_;
  decoder::Tokens tokens_;
  decoder::ImageState state_;
  decoder::Answer answer_;
};

}  // namespace

Decoder::Decoder(const NamedTensors& tensors, const SamSizes& sizes)
    : impl_(std::make_unique<const Impl>(tensors, sizes)) {}

Decoder::~Decoder() = default;

std::shared_ptr<const Network::PreparedImage> Decoder::prepare(std::span<const float> embedding,
                                                               int threads) const {
  return decoder::prepare_image(impl_->weights, impl_->positions(threads), embedding, threads);
}

std::vector<std::vector<DecodedMask>> Decoder::decode(const Network::PreparedImage& image,
                                                      std::span<const FramePrompt> prompts, MaskTokens tokens,
                                                      int threads) const {
  const auto& prepared = dynamic_cast<const decoder::PreparedImage&>(image);
  const auto count = static_cast<std::int64_t>(prompts.size());
  const bool is_shared = count < threads;  // each prompt's work among the threads
  std::vector<std::vector<DecodedMask>> decoded(prompts.size());
  parallel_for(is_shared ? 1 : threads, count, [&](std::int64_t index) {
    const auto i = static_cast<std::size_t>(index);
    PromptPass pass(impl_->weights, impl_->positions(threads), prepared, prompts[i], is_shared ? threads : 1);
    decoded[i] = pass.decode(tokens);
  });
  return decoded;
}

}  // namespace sonde
