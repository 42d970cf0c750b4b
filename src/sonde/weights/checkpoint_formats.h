// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include <torch/torch.h>

#include "sonde/core/bytes.h"

namespace sonde {

using NamedTensors = std::map<std::string, torch::Tensor>;

// The bytes of a checkpoint and what keeps them alive; `file` is its name in errors.
struct CheckpointBytes {
  ByteView bytes;
  std::shared_ptr<const void> owner;
  std::string file;
};

// Each throws Error as load_checkpoint does. The tensors point into `bytes` where these are aligned and keep
// the owner alive; they must not be written to.
NamedTensors read_checkpoint(
    const CheckpointBytes& source);  // recognises the format by content, or the file's extension
NamedTensors read_pth(const CheckpointBytes& source);
NamedTensors read_safetensors(const CheckpointBytes& source);

// One-dimensional tensor over `content`, in place, or copied where it is not aligned.
torch::Tensor numbers_over(const CheckpointBytes& source, ByteView content, torch::ScalarType type);

}  // namespace sonde
