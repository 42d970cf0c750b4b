// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/frame_tensor.h"

namespace sonde {

torch::Tensor frame_tensor(const std::uint8_t* rgb, std::int64_t width, std::int64_t height,
                           std::int64_t side) {
  // Mean and standard deviation per channel of the published Sam, in 8-bit grey levels.
  const auto mean = torch::tensor({123.675F, 116.28F, 103.53F}),
             deviation = torch::tensor({58.395F, 57.12F, 57.375F});
  auto* data = const_cast<std::uint8_t*>(rgb);  // NOLINT: from_blob takes non-const, nobody writes
  const auto bytes = torch::from_blob(data, {height, width, 3}, torch::kByte);
  const auto normalised = ((bytes.to(torch::kFloat) - mean) / deviation).permute({2, 0, 1}).unsqueeze(0);
  return at::constant_pad_nd(normalised, {0, side - width, 0, side - height});
}

}  // namespace sonde
