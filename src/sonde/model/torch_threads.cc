// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/torch_threads.h"

#include <dlfcn.h>

#include <ATen/Parallel.h>

namespace sonde {

void use_threads(int threads) {
  at::set_num_threads(threads);
  using SetThreads = void (*)(int);
  const auto set_blas =
      reinterpret_cast<SetThreads>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));  // NOLINT
  if (set_blas != nullptr) set_blas(threads);
}

}  // namespace sonde
