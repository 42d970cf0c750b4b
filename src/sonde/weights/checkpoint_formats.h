// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sonde/core/bytes.h"
#include "sonde/weights/model_card.h"
#include "sonde/weights/tensor.h"

namespace sonde {

// The bytes of a checkpoint and what keeps them alive; `file` is its name in errors.
struct CheckpointBytes {
  ByteView bytes;
  std::shared_ptr<const void> owner;
  std::string file;
};

// What a file holds besides tensors: texts by name, of .safetensors alone.
struct CheckpointContent {
  NamedTensors tensors;
  std::map<std::string, std::string> metadata;
};

// Each throws Error as load_checkpoint does. The tensors point into `bytes` where these are aligned and keep
// the owner alive; they must not be written to.
CheckpointContent read_checkpoint(
    const CheckpointBytes& source);  // recognises the format by content, or the file's extension
NamedTensors read_pth(const CheckpointBytes& source);
CheckpointContent read_safetensors(const CheckpointBytes& source);

// One-dimensional tensor over `content`, in place, or copied where it is not aligned.
WeightTensor numbers_over(const CheckpointBytes& source, ByteView content, NumberType type);

// The card of a file of weights, the first that there is: in its metadata; in card_beside() or card.json in
// its folder, if its weights_sha256 names `sha256`; the registry's for these bytes. Throws as parse_card for
// the first two.
std::optional<ModelCard> find_card(const std::filesystem::path& weights, const std::string& sha256,
                                   const std::map<std::string, std::string>& metadata);

}  // namespace sonde
