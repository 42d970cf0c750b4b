// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sonde/model/torch.h"

namespace sonde {

// What an image encoder takes of rows of RGB bytes without gaps: normalised as published, padded with zeros
// below and at the right to side x side. [1,3,side,side]
torch::Tensor frame_tensor(const std::uint8_t* rgb, std::int64_t width, std::int64_t height,
                           std::int64_t side);

}  // namespace sonde
