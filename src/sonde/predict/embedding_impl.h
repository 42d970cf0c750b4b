// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "sonde/inference/network.h"
#include "sonde/predict/predictor.h"

namespace sonde {

class Embedding::Impl {
 public:
  explicit Impl(std::vector<float> values) : features(std::move(values)) {}

  // What decoding needs of it: made at the first call and kept, for an embedding serves one network (another
  // one makes its own each time).
  std::shared_ptr<const Network::PreparedImage> prepared_for(
      const std::shared_ptr<const Network>& network) const {
    std::call_once(once_, [&] {
      prepared_ = network->prepare(features);
      network_ = network;
    });
    return network_ == network ? prepared_ : network->prepare(features);
  }

  const std::vector<float> features;  // [E*E][C]

 private:
  mutable std::once_flag once_;
  mutable std::shared_ptr<const Network> network_;
  mutable std::shared_ptr<const Network::PreparedImage> prepared_;
};

}  // namespace sonde
