// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "sonde/weights/tensor.h"

namespace sonde {

struct OnnxNode {
  std::string operation, name;
  std::vector<std::string> inputs, outputs;
};

// What of an ONNX graph the import needs: the nodes in order and the float constants by name (initializers,
// and the values of Constant nodes).
struct OnnxGraph {
  std::string file;
  std::vector<OnnxNode> nodes;
  NamedTensors constants;
  std::vector<std::string> initializers;  // in the order of the file; names of `constants`

  // The node that takes `value` as an input, or nullptr where there is none or more than one.
  const OnnxNode* consumer(const std::string& value) const;
};

// Throws Error naming the file: not_found, or corrupt_data (no ONNX model, a tensor whose shape does not fit
// its bytes, weights kept in another file).
OnnxGraph read_onnx_graph(const std::filesystem::path& path);

}  // namespace sonde
