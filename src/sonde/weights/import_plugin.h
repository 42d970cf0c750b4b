// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "sonde/weights/import_onnx_graph.h"
#include "sonde/weights/onnx_model.h"
#include "sonde/weights/registry.h"

// What the library libsonde-import.so gives: weights from elsewhere and, as ONNX, for elsewhere. libcurl
// brings thirty libraries along, and Protocol Buffers register what they know as they are loaded.
namespace sonde {

struct ImportPlugin {
  void (*fetch)(const FetchRequest& request, const Progress& progress);
  OnnxGraph (*read_onnx_graph)(const std::filesystem::path& path);
  std::vector<std::filesystem::path> (*write_onnx_model)(const OnnxModel& model,
                                                         const std::filesystem::path& path,
                                                         std::size_t max_inline_bytes);
};
extern "C" const ImportPlugin sonde_import_plugin;  // in the library

// Within the library; what they do and throw is said where they are declared for others.
void fetch_by_curl(const FetchRequest& request, const Progress& progress);
OnnxGraph parse_onnx_graph(const std::filesystem::path& path);
std::vector<std::filesystem::path> write_onnx_file(const OnnxModel& model, const std::filesystem::path& path,
                                                   std::size_t max_inline_bytes);

}  // namespace sonde
