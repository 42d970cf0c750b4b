// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "sonde/core/bytes.h"
#include "sonde/weights/tensor.h"

namespace sonde {

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
WeightTensor numbers_over(const CheckpointBytes& source, ByteView content, NumberType type);

}  // namespace sonde
