// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sonde::kernels {

// What kernels are built for, least first. avx512_bf16 is avx512 with products of bf16 pairs.
enum class InstructionSet { baseline, sse4, avx2, avx512, avx512_bf16 };

std::string_view to_string(InstructionSet set);  // "baseline", "sse4", "avx2", "avx512", "avx512-bf16"
// Those this machine can run, least first; baseline is always there.
std::span<const InstructionSet> available_instruction_sets();

// What kernels run with: the best there is, or what SONDE_CPU names. Throws Error{usage} where SONDE_CPU is
// no name or names what the machine lacks.
InstructionSet instruction_set();
// From now on, in this process: for tests and benchmarks, while no kernel runs. Throws Error{usage}.
void use_instruction_set(InstructionSet set);

}  // namespace sonde::kernels
