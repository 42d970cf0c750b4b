// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/weights/tensor.h"

namespace sonde {

// What data.pkl of a PyTorch checkpoint says: tensors as views of storages that lie beside it in the archive.
struct PickledStorage {
  std::string key;  // the file data/KEY
  NumberType type = NumberType::f32;
  std::int64_t element_count = 0;
};
struct PickledTensor {
  std::string name;
  std::size_t storage = 0;                   // index into PickledTensors::storages
  std::int64_t offset = 0;                   // elements
  std::vector<std::int64_t> shape, strides;  // elements
};
struct PickledTensors {
  std::vector<PickledStorage> storages;
  std::vector<PickledTensor> tensors;
};

// Reads a dict or OrderedDict of tensors, or one that holds such a dict under "model", "state_dict" or
// "model_state_dict" (what stands beside it is passed over). A machine for data only: it knows dict,
// OrderedDict, list, tuple, numbers, text, tensors and parameters, calls nothing, and refuses every other
// class by its name. Each tensor lies within its storage. Throws Error naming `file`: corrupt_data, or
// unsupported (protocol, type of number).
PickledTensors unpickle_tensors(ByteView pickle, const std::string& file);

}  // namespace sonde
