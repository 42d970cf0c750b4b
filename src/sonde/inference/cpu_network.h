// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sonde/inference/network.h"
#include "sonde/kernels/buffer.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde {

struct CpuNetworkOptions {
  // Of the image encoder's operands; its sums, norms and residuals are fp32 in either, as is all of the
  // decoder.
  kernels::Storage storage = kernels::Storage::fp32;
  int threads = 1;
};
// The network out of kernels/, its weights packed; the tensors are not needed afterwards.
std::unique_ptr<Network> make_cpu_network(const SamTensors& tensors, const CpuNetworkOptions& options);

}  // namespace sonde
