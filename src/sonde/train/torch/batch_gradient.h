// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "sonde/train/torch/example_loss.h"
#include "sonde/train/torch/tuned_network.h"
#include "sonde/train/tuner.h"

namespace sonde {

// Sums over the examples of a batch.
struct BatchGradient {
  double loss = 0, mask_loss = 0, quality_loss = 0;
  std::vector<float> values;            // of the network's row
  std::vector<ExampleResult> examples;  // in their order
};
// Examples are worked on in parallel and added up in order: the threads change nothing but the time as long
// as the encoder is not tuned. Pictures whose encoder is go one after the other, for their memory.
BatchGradient batch_gradient(TunedNetwork& network, std::span<const TrainingExample> batch,
                             const LossOptions& options, int threads);

}  // namespace sonde
