// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/torch_plugin.h"

#include <cstdlib>

#include "sonde/core/plugin.h"

namespace sonde {
namespace {

const TorchPlugin& load(const std::string& device) {
  // OpenMP's threads wait for one another by spinning for a millisecond, which halves the speed where another
  // program has one of the cores. libgomp has no call for it and reads this as it is loaded.
  ::setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);  // NOLINT(concurrency-mt-unsafe)
  return *static_cast<const TorchPlugin*>(load_plugin(
      {.file = "libsonde-torch.so", .symbol = "sonde_torch_plugin", .purpose = "device " + device}));
}

}  // namespace

const TorchPlugin& load_torch_plugin(const std::string& device) {
  static const TorchPlugin& plugin = load(device);
  return plugin;
}

}  // namespace sonde
