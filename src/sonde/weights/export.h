// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sonde/core/fields.h"
#include "sonde/weights/checkpoint.h"

namespace sonde {

// What weights are exported to. kExporters in export.cc has a writer for each.
enum class WeightsFormat {
  safetensors,  // all tensors, with the card
  pth,          // for the published Python code, which takes no tensor too many and none too few
  onnx,         // encoder and decoder as graphs, for each kind of client: OnnxClient
  onnx_samexporter,
  onnx_cornerstone
};
constexpr auto words(WeightsFormat) {
  return Words{"WeightsFormat", "safetensors", "pth", "onnx", "onnx-samexporter", "onnx-cornerstone"};
}

struct ExportRequest {
  const Checkpoint& checkpoint;
  std::string file;              // of the checkpoint, for errors
  std::filesystem::path target;  // a file; for ONNX a folder, made where there is none
};
struct Exported {
  std::vector<std::filesystem::path> files;  // that were written
  std::vector<std::string> left_out;         // tensors that the format's readers have no place for
  std::vector<std::string> added;            // those that they ask for and nothing uses
};
// Every file that export_weights() may write, so that nothing is replaced unasked.
std::vector<std::filesystem::path> possible_files(WeightsFormat format, const ExportRequest& request);
// Atomic, file by file. Throws Error: corrupt_data for a checkpoint that is not a SAM (pth, ONNX),
// unsupported for more than the format holds, unavailable.
Exported export_weights(WeightsFormat format, const ExportRequest& request);

// The tensors of a checkpoint that the published network has, under its names, and those that it asks for
// besides: the counts of batch norms, and TinyViT's classifier, which SAM does not use.
struct PublishedTensors {
  NamedTensors tensors;
  Exported changes;
};
PublishedTensors published_tensors(const NamedTensors& tensors, const std::string& file);

}  // namespace sonde
