// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sonde/weights/tensor.h"

namespace sonde {

// An ONNX model that is to be written, in the terms of the ONNX specification but without its library.

using OnnxAttribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>>;
struct OnnxStep {  // a node
  std::string operation;
  std::vector<std::string> inputs, outputs;  // values, by name
  std::map<std::string, OnnxAttribute> attributes;
};

using OnnxExtent = std::variant<std::int64_t, std::string>;  // a name stands for what each call chooses
struct OnnxPort {  // an input or output of the model, of 32-bit floats
  std::string name;
  std::vector<OnnxExtent> shape;
};

struct OnnxModel {
  std::string name, description;  // the description of the file starts with kOnnxMark
  std::vector<OnnxStep> steps;    // each after those that it takes values of
  NamedTensors constants;         // F32 and I64
  std::vector<OnnxPort> inputs, outputs;
};

inline constexpr std::int64_t kOnnxFloat = 1, kOnnxInt64 = 7;  // what the step Cast calls the types

// Near the beginning of each file, for sonde to know its own (io/own_file.h).
inline constexpr std::string_view kOnnxMark = "written by sonde";

inline constexpr int kOnnxOpset =
    17;  // the first with LayerNormalization; segment-anything's own export has it

// Protocol Buffers, in which a model is written, hold less than 2 GiB.
inline constexpr std::size_t kMaxOnnxBytes = std::size_t{2'000'000'000};

// PATH.data, ONNX's external data.
inline std::filesystem::path onnx_data_beside(const std::filesystem::path& path) {
  return path.string() + ".data";
}
// Writes PATH, atomically; the same model gives the same bytes. Where the constants are more than
// `max_inline_bytes`, they go to onnx_data_beside(path), which PATH names; elsewhere an older one is left as
// it is. Returns what it wrote. Throws Error{unavailable} naming the file if it cannot be written.
std::vector<std::filesystem::path> write_onnx_model(const OnnxModel& model, const std::filesystem::path& path,
                                                    std::size_t max_inline_bytes = kMaxOnnxBytes);

}  // namespace sonde
