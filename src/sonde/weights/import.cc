// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/plugin.h"
#include "sonde/weights/import_plugin.h"

namespace sonde {
namespace {

const ImportPlugin& plugin() {
  static const auto* loaded =
      static_cast<const ImportPlugin*>(load_plugin({.file = "libsonde-import.so",
                                                    .symbol = "sonde_import_plugin",
                                                    .purpose = "weights from and for elsewhere"}));
  return *loaded;
}

}  // namespace

void fetch(const FetchRequest& request, const Progress& progress) { plugin().fetch(request, progress); }

OnnxGraph read_onnx_graph(const std::filesystem::path& path) { return plugin().read_onnx_graph(path); }

std::vector<std::filesystem::path> write_onnx_model(const OnnxModel& model, const std::filesystem::path& path,
                                                    std::size_t max_inline_bytes) {
  return plugin().write_onnx_model(model, path, max_inline_bytes);
}

}  // namespace sonde
