// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "sonde/weights/tensor.h"

namespace sonde {

// An adapter beside the MLP of a ViT's block, x + mlp(n) + up(gelu(down(n))), n = norm2(x) (Chen et al. 2022,
// AdaptFormer; Wu et al. 2023, Medical SAM Adapter): a bottleneck of a quarter of the channels. The MLP is
// lin2(gelu(lin1(n))), so it is the same as more hidden units of it, down's rows in lin1 and up's columns in
// lin2. That is how it is kept: the network has the published names, and a wider MLP. `up` begins as 0.
// Throws Error{usage} for an encoder of another kind.
NamedTensors widened(NamedTensors weights, const std::string& file, std::uint64_t seed);

// Hidden units of a block's adapter with that many channels.
constexpr std::int64_t adapter_width(std::int64_t channels) { return (channels + 3) / 4; }

}  // namespace sonde
