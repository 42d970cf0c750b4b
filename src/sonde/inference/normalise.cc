// SPDX-License-Identifier: Apache-2.0
#include "sonde/inference/normalise.h"

#include <algorithm>

#include "sonde/weights/variants.h"

namespace sonde {

PixelNormaliser::PixelNormaliser() {
  for (std::size_t colour = 0; colour < kColours; ++colour) {
    for (std::size_t value = 0; value < 256; ++value)
      normalised_[colour][value] = (static_cast<float>(value) - kPixelMean[colour]) / kPixelStd[colour];
  }
}

void PixelNormaliser::run(const FramePixels& pixels, std::ptrdiff_t y, std::ptrdiff_t left, std::size_t width,
                          float* out) const {
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kColours);
  std::fill_n(out, width * kColours, 0.0F);
  if (y < 0 || y >= pixels.height) return;
  const std::ptrdiff_t begin = std::max<std::ptrdiff_t>(left, 0);
  const std::ptrdiff_t end =
      std::min<std::ptrdiff_t>(left + static_cast<std::ptrdiff_t>(width), pixels.width);
  const std::uint8_t* from = pixels.rgb + (y * pixels.width + begin) * kStep;
  float* to = out + (begin - left) * kStep;
  for (std::ptrdiff_t x = begin; x < end; ++x) {
    for (std::size_t colour = 0; colour < kColours; ++colour) *to++ = normalised_[colour][*from++];
  }
}

}  // namespace sonde
