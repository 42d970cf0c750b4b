// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sonde {

// A library of sonde's own that is loaded when it is needed, so that nothing else pays for what it links.
struct PluginRequest {
  std::string file;     // "libsonde-NAME.so"
  std::string symbol;   // what it offers
  std::string purpose;  // for errors: "device cuda"
};
// Loads the library from beside the program or libsonde.so, or from where they are installed, and never
// unloads it. Returns the symbol's address. Throws Error{unavailable} where the library is not there.
const void* load_plugin(const PluginRequest& request);
// Whether it is there, without loading it.
bool has_plugin(const std::string& file);

}  // namespace sonde
