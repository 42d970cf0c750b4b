// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "sonde/weights/model_card.h"
#include "sonde/weights/tensor.h"

namespace sonde {

// Named tensors of a checkpoint. Tensors may point into the mapped file: they keep it alive.
struct Checkpoint {
  NamedTensors tensors;
  std::string sha256;             // of the file
  std::optional<ModelCard> card;  // find_card()
};

// Reads .safetensors (mapped, not copied) and the published .pth / .pt (own restricted unpickler), recognised
// by content. Throws Error naming the file: not_found, corrupt_data (cut, lies about sizes, overlaps, carries
// code: names the class that is refused; a card that is none), unsupported (pre-1.6 format, a type of
// number).
Checkpoint load_checkpoint(const std::filesystem::path& path);

// Tensors to a .safetensors file, keys in order, 64-byte aligned; atomic.
void save_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                      const std::map<std::string, std::string>& metadata = {});

// Tensors to a .pth file: what torch.save writes of a dict of them (1.6 and later), so that torch.load gives
// it, also where it loads weights alone. Names in order, contents 64-byte aligned; atomic. Throws
// Error{unsupported} for more than 4 GiB. Source: the record layout of PyTorch's
// caffe2/serialize/inline_container.
void save_pth(const std::filesystem::path& path, const NamedTensors& tensors);

}  // namespace sonde
