// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "sonde/inference/network.h"
#include "sonde/predict/sam_model.h"
#include "sonde/weights/tensor.h"

namespace sonde {

struct TorchNetworkOptions {
  int cuda_index = -1;  // -1: the CPU, where inference/ is faster: for tests
  Precision precision = Precision::fp32;
  int threads = 1;  // of the process
};

// What the library libsonde-torch.so gives. LibTorch is in there and nowhere else, because loading it takes
// half a second.
struct TorchPlugin {
  // Throws Error{unavailable} where there is no such device.
  void (*check_device)(const std::string& device, int cuda_index);
  // file: the tensors' file, for errors, which are those of build_sam.
  std::unique_ptr<Network> (*make_network)(const NamedTensors& tensors, const std::string& file,
                                           const TorchNetworkOptions& options);
};
extern "C" const TorchPlugin sonde_torch_plugin;  // in the library

// Loads the library at the first call, from beside the program, libsonde.so or where they are installed. It
// stays. device: for errors. Throws Error{unavailable} where it is not there.
const TorchPlugin& load_torch_plugin(const std::string& device);

}  // namespace sonde
