// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sonde/imaging/mask_set.h"

namespace sonde {

// A SAM as prediction uses it: pixels and prompts in the frame of the network, numbers out. Safe to use from
// several threads at once.

// Rows of RGB bytes without gaps; the long side is the network's frame, what is missing of the short side is
// padding.
struct FramePixels {
  const std::uint8_t* rgb = nullptr;
  std::int64_t width = 0, height = 0;
};

struct FramePoint {
  float x = 0, y = 0;  // pixels of the frame; half a pixel is added inside
  enum class Label : std::uint8_t { background, foreground } label = Label::foreground;
};
struct FramePrompt {
  std::vector<FramePoint> points;
  std::optional<std::array<float, 4>> box;  // x0, y0, x1, y1
  std::span<const float> mask;              // [4*E][4*E] logits, or empty
  // A row of the network's class embeddings, which has it: the caller checks.
  std::optional<int> class_index = std::nullopt;
  // Masks whose predicted IoU is not above it need not be computed: their logits may be empty.
  std::optional<double> above_iou = std::nullopt;
};

struct DecodedMask {
  float predicted_iou = 0;
  std::vector<float> logits;  // [4*E][4*E], or empty: see above_iou
  // Of a prompt with a class, the same for all its masks: a logit, below 0 where the class is not in the
  // picture.
  std::optional<float> object_score = std::nullopt;
};

class Network {
 public:
  // What decoding needs of a picture, whatever the prompts.
  struct PreparedImage {
    virtual ~PreparedImage() = default;
  };

  virtual ~Network() = default;
  // The image embedding, [E*E][C]: positions row by row, channels last; as published E = 64, C = 256.
  virtual std::vector<float> encode(const FramePixels& pixels) const = 0;
  virtual std::shared_ptr<const PreparedImage> prepare(std::span<const float> embedding) const = 0;
  // Of each prompt its `masks`, in their order. An answer does not depend on the other prompts.
  virtual std::vector<std::vector<DecodedMask>> decode(const PreparedImage& image,
                                                       std::span<const FramePrompt> prompts,
                                                       MaskSet masks) const = 0;
};

}  // namespace sonde
