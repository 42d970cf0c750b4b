// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/tuner.h"

#include <cstdlib>

#include "sonde/core/plugin.h"

namespace sonde {
namespace {

const TrainPlugin& load() {
  // As for the plugin of other devices: LibTorch's threads spin otherwise.
  ::setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);  // NOLINT(concurrency-mt-unsafe)
  return *static_cast<const TrainPlugin*>(
      load_plugin({.file = "libsonde-train.so", .symbol = "sonde_train_plugin", .purpose = "training"}));
}

}  // namespace

const TrainPlugin& load_train_plugin() {
  static const TrainPlugin& plugin = load();
  return plugin;
}

}  // namespace sonde
