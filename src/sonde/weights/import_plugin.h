// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "sonde/weights/import_onnx_graph.h"
#include "sonde/weights/registry.h"

// What the library libsonde-import.so gives: where weights come from. libcurl brings thirty libraries along,
// and Protocol Buffers register what they know as they are loaded.
namespace sonde {

struct ImportPlugin {
  void (*fetch)(const FetchRequest& request, const Progress& progress);
  OnnxGraph (*read_onnx_graph)(const std::filesystem::path& path);
};
extern "C" const ImportPlugin sonde_import_plugin;  // in the library

// Within the library; what they do and throw is said where they are declared for others.
void fetch_by_curl(const FetchRequest& request, const Progress& progress);
OnnxGraph parse_onnx_graph(const std::filesystem::path& path);

}  // namespace sonde
