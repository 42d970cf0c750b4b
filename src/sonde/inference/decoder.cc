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
  explicit Impl(const SamTensors& tensors) : weights(tensors) {}

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

constexpr std::size_t kLogitsPerPosition = 16;  // two upscalings by 2 x 2

// One prompt's way through the decoder: `tokens_` are the published "queries" [T][C], `state_` stands for the
// "keys" [E*E][C] of the image, which are not held as such.
class PromptPass {
 public:
  PromptPass(const decoder::Weights& weights, const kernels::Buffer& positions,
             const decoder::PreparedImage& image, const FramePrompt& prompt, int threads)
      : weights_(weights),
        positions_(positions),
        image_(image),
        threads_(threads),
        above_iou_(prompt.above_iou),
        has_class_(prompt.class_index.has_value()) {
    // tokens = cat(iou_token, mask_tokens, sparse_prompt_embeddings)  (model/mask_decoder.cc, MaskDecoder)
    tokens_.queries = tokens_.positions = decoder::tokens_of(weights, prompt);
    tokens_.count = tokens_.queries.size() / weights.sizes.channels;
    // src = image_embeddings + dense_prompt_embeddings. The image is prepared as if there were no mask; one
    // that there is adds features (decoder_prompt.cc).
    state_ =
        decoder::start_state(weights, tokens_.count, decoder::mask_features(weights.sizes, prompt), scratch_);
    decoder::add_mask(weights, prompt, threads, state_);
  }

  // (model/two_way_transformer.cc, TwoWayTransformer; each layer a TwoWayAttentionBlock)
  std::vector<DecodedMask> decode(MaskSet wanted) {
    const std::size_t layers = weights_.sizes.layers;
    for (std::size_t i = 0; i < layers; ++i) {
      const decoder::Layer& layer = weights_.layers[i];
      // queries = norm1(queries + self_attn(q, q, queries)), q = queries + positions
      decoder::self_attend(layer, i == 0 ? decoder::FirstLayer::yes : decoder::FirstLayer::no,
                           weights_.sizes.heads, tokens_);
      // queries = norm2(queries + cross_attn_token_to_image(q, keys + image_pe, keys))
      attend_to_image(i, layer.norm2);
      // queries = norm3(queries + mlp(queries))
      decoder::apply_mlp(layer, tokens_);
      // keys = norm4(keys + cross_attn_image_to_token(keys + image_pe, q, queries)): the tokens' side now,
      // the image's with the next layer's pass. The final attention's pass does it for the last layer.
      image_to_token_ = decoder::prepare_image_to_token(weights_, i, tokens_.queries.data(),
                                                        tokens_.positions.data(), state_, scratch_);
    }
    // queries = norm_final_attn(queries + final_attn_token_to_image(q, keys + image_pe, keys))
    attend_to_image(layers, weights_.final_norm);
    return masks(wanted);
  }

 private:
  // One pass over the image: the image_to_token attention of the layer before, then the token_to_image
  // attention of this one. Together, as each block of positions is in the cache for both.
  void attend_to_image(std::size_t layer, const Norm& norm) {
    kernels::ScratchScope scratch;
    const float *queries = tokens_.queries.data(), *positions = tokens_.positions.data();
    const decoder::TokenToImage token_to_image =
        decoder::prepare_token_to_image(weights_, layer, queries, positions, state_, scratch);
    auto* attended = scratch.take<float>(tokens_.count * weights_.sizes.inner);
    decoder::run_pass({.weights = weights_,
                       .positions = positions_,
                       .image = image_,
                       .state = state_,
                       .image_to_token = layer > 0 ? &image_to_token_ : nullptr,
                       .token_to_image = token_to_image},
                      threads_, attended);
    decoder::add_attended(*token_to_image.attention, norm, attended, tokens_);
  }

  // iou_pred = iou_prediction_head(iou_token_out)
  // masks = (hyper_in @ upscaled_embedding), hyper_in[i] = output_hypernetworks_mlps[i](mask_tokens_out[i])
  // (model/mask_decoder.cc, MaskDecoder)
  std::vector<DecodedMask> masks(MaskSet wanted) const {
    const decoder::Sizes& sizes = weights_.sizes;
    const std::vector<float> iou = decoder::evaluate(weights_.iou_head, token(0));
    std::optional<float> object_score;  // object_score_head(iou_token_out)
    if (has_class_) object_score = decoder::evaluate(weights_.object_score_head, token(0)).front();
    std::vector<DecodedMask> masks(mask_count(wanted));
    std::vector<std::span<float>> logits;
    std::vector<float> hyper;  // [masks that are computed][upscaled]
    for (std::size_t i = 0; i < masks.size(); ++i) {
      const std::size_t mask_token = first_token(wanted) + i;
      masks[i].predicted_iou = iou[mask_token];
      masks[i].object_score = object_score;
      if (above_iou_ && !(static_cast<double>(iou[mask_token]) > *above_iou_)) continue;
      const auto of_token = decoder::evaluate(weights_.hypernetworks[mask_token], token(1 + mask_token));
      hyper.insert(hyper.end(), of_token.begin(), of_token.end());
      masks[i].logits.resize(kLogitsPerPosition * sizes.positions);
      logits.emplace_back(masks[i].logits);
    }
    if (!logits.empty()) decoder::upscale(weights_, image_, state_, hyper, threads_, logits);
    return masks;
  }

  // 0: the IoU's, then those of the masks.
  const float* token(std::size_t i) const { return tokens_.queries.data() + i * weights_.sizes.channels; }

  const decoder::Weights& weights_;
  const kernels::Buffer& positions_;
  const decoder::PreparedImage& image_;
  int threads_;
  std::optional<double> above_iou_;
  bool has_class_;
  kernels::ScratchScope scratch_;
  decoder::Tokens tokens_;
  decoder::ImageState state_;
  decoder::ImageToToken image_to_token_;
};

}  // namespace

Decoder::Decoder(const SamTensors& tensors) : impl_(std::make_unique<const Impl>(tensors)) {}

Decoder::~Decoder() = default;

std::shared_ptr<const Network::PreparedImage> Decoder::prepare(std::span<const float> embedding,
                                                               int threads) const {
  return decoder::prepare_image(impl_->weights, impl_->positions(threads), embedding, threads);
}

std::vector<std::vector<DecodedMask>> Decoder::decode(const Network::PreparedImage& image,
                                                      std::span<const FramePrompt> prompts, MaskSet masks,
                                                      int threads) const {
  const auto& prepared = dynamic_cast<const decoder::PreparedImage&>(image);
  const auto count = static_cast<std::int64_t>(prompts.size());
  const bool is_shared = count < threads;  // each prompt's work among the threads
  std::vector<std::vector<DecodedMask>> decoded(prompts.size());
  parallel_for(is_shared ? 1 : threads, count, [&](std::int64_t index) {
    const auto i = static_cast<std::size_t>(index);
    PromptPass pass(impl_->weights, impl_->positions(threads), prepared, prompts[i], is_shared ? threads : 1);
    decoded[i] = pass.decode(masks);
  });
  return decoded;
}

}  // namespace sonde
