// SPDX-License-Identifier: Apache-2.0
// The library libsonde-import.so.
#include "sonde/weights/import_plugin.h"

namespace sonde {

const ImportPlugin sonde_import_plugin{
    .fetch = fetch_by_curl, .read_onnx_graph = parse_onnx_graph, .write_onnx_model = write_onnx_file};

}  // namespace sonde
