// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "sonde/inference/network.h"
#include "sonde/inference/pictures_testing.h"
#include "sonde/model/small_networks_testing.h"

namespace sonde {

// For tests: an image encoder out of kernels beside the modules that define it.

// What the LibTorch modules give for the picture, normalised and padded as published: [E*E][C].
inline std::vector<float> torch_embedding(Sam sam, const FramePixels& pixels) {
  const auto side = image_size(sam->sizes);
  const auto bytes =
      torch::from_blob(const_cast<std::uint8_t*>(pixels.rgb), {pixels.height, pixels.width, 3}, torch::kByte);
  const auto mean = torch::tensor({123.675F, 116.28F, 103.53F}),
             std = torch::tensor({58.395F, 57.12F, 57.375F});
  const auto planes = ((bytes.to(torch::kFloat) - mean) / std).permute({2, 0, 1}).unsqueeze(0);
  const auto padded = at::constant_pad_nd(planes, {0, side - pixels.width, 0, side - pixels.height}, 0);
  const torch::NoGradGuard no_grad;
  const auto embedding = sam->encode_image(padded)[0].permute({1, 2, 0}).contiguous();
  return {embedding.data_ptr<float>(), embedding.data_ptr<float>() + embedding.numel()};
}

// Root mean square of the difference over that of the values.
inline double relative_difference(const std::vector<float>& actual, const std::vector<float>& expected) {
  EXPECT_EQ(actual.size(), expected.size());
  double difference = 0, values = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(static_cast<double>(actual[i]) - expected[i], 2);
    values += std::pow(static_cast<double>(expected[i]), 2);
  }
  return std::sqrt(difference / values);
}

// No bias, norm or statistic that is 0 or 1 and could be left out unnoticed.
inline Sam sam_without_trivial_weights(const SamSizes& sizes) {
  const torch::NoGradGuard no_grad;
  auto sam = small_sam(sizes);
  std::uint64_t seed = 1;
  for (auto& parameter : sam->parameters()) {
    if (parameter.dim() == 1) parameter.add_(random_tensor(parameter.sizes(), ++seed) * 0.2);
  }
  for (auto& buffer : sam->buffers()) {
    if (buffer.is_floating_point()) buffer.add_(random_tensor(buffer.sizes(), ++seed).abs() * 0.2);
  }
  return sam;
}

}  // namespace sonde
