// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "sonde/inference/decoder_image.h"

namespace sonde::decoder {

// masks = hyper_in @ output_upscaling(keys)  (model/mask_decoder.cc, MaskDecoder and OutputUpscaling): the
// image, upscaled to 4 times its side, times each mask's weights `hyper` [masks.size()][upscaled]; written to
// `masks`, [4 * side][4 * side] each. The upscaled image, [16 * positions][upscaled], is never held.
void upscale(const Weights& weights, const PreparedImage& image, const ImageState& state,
             std::span<const float> hyper, int threads, std::span<const std::span<float>> masks);

}  // namespace sonde::decoder
