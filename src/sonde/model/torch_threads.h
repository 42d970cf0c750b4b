// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sonde {

// Of the process: LibTorch's threads, and those of its BLAS, whose pool LibTorch leaves as it is.
void use_threads(int threads);

}  // namespace sonde
