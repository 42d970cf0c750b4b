// SPDX-License-Identifier: Apache-2.0
// For kernels' sources, which Highway compiles once for each instruction set.
#pragma once

// What is built: Highway's baseline, SSE4, AVX2 and AVX-512. Each target costs compile time, and what lies
// between two of these gains little.
#include <hwy/detect_targets.h>
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)

#include "sonde/kernels/cpu.h"

namespace sonde::kernels {
// Whether what is compiled for AVX-512 may use AVX512-BF16: changes with the instruction set in use.
extern bool native_bf16;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): read in every kernel
}  // namespace sonde::kernels

// The exported function for the instruction set in use. Left alone, Highway would choose the best that the
// machine has when the first kernel is called: instruction_set() comes before, which reads SONDE_CPU.
#define SONDE_DISPATCH(function) (::sonde::kernels::instruction_set(), HWY_DYNAMIC_DISPATCH(function))
