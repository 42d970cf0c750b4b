// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace sonde {

// sonde model list|fetch|inspect|import-onnx. args: what follows `sonde model`. Returns the exit status;
// throws Error.
int run_model(std::span<const char* const> args);

}  // namespace sonde
