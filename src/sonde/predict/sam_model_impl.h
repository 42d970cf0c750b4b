// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sonde/inference/network.h"
#include "sonde/predict/sam_model.h"
#include "sonde/weights/model_card.h"
#include "sonde/weights/variants.h"

namespace sonde {

struct SamModel::Impl {
  std::string name, sha256;
  std::optional<ModelCard> card;
  SamSizes sizes;
  Precision precision = Precision::fp32;  // of the image encoder; the decoder computes in fp32
  enum class Device { cpu, cuda } device = Device::cpu;
  int threads = 1;
  std::shared_ptr<const Network> network;
};

}  // namespace sonde
