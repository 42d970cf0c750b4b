// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include "sonde/model/sam.h"
#include "sonde/predict/sam_model.h"

namespace sonde {

struct SamModel::Impl {
  std::string name, sha256;
  Precision precision = Precision::fp32;  // of the image encoder; the decoder computes in fp32
  torch::Device device{torch::kCPU};
  mutable Sam network{
      nullptr};  // torch's forward functions are not const; in evaluation mode they change nothing
};

}  // namespace sonde
