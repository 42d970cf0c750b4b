// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/cpu.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <hwy/targets.h>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/kernels/dispatch.h"

namespace sonde::kernels {

bool native_bf16 = false;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): see dispatch.h

namespace {

constexpr std::string_view kNames[] = {"baseline", "sse4", "avx2", "avx512", "avx512-bf16"};
constexpr InstructionSet kAll[] = {InstructionSet::baseline, InstructionSet::sse4, InstructionSet::avx2,
                                   InstructionSet::avx512, InstructionSet::avx512_bf16};

// What Highway calls them. A target that was not compiled (dispatch.h) is passed over as functions are
// chosen.
std::int64_t targets_up_to(InstructionSet set) {
  std::int64_t targets = HWY_SCALAR | HWY_EMU128;
  if (set >= InstructionSet::sse4) targets |= HWY_SSSE3 | HWY_SSE4;
  if (set >= InstructionSet::avx2) targets |= HWY_AVX2;
  if (set >= InstructionSet::avx512) targets |= HWY_AVX3 | HWY_AVX3_DL;
  return targets;
}

// Highway 1.0 has no target with AVX512-BF16: asked of the processor.
bool machine_has_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

std::vector<InstructionSet> find_available() {
  const std::int64_t machine = hwy::SupportedTargets();
  std::vector<InstructionSet> available{InstructionSet::baseline};
  if ((machine & HWY_SSE4) != 0) available.push_back(InstructionSet::sse4);
  if ((machine & HWY_AVX2) != 0) available.push_back(InstructionSet::avx2);
  if ((machine & HWY_AVX3) != 0) available.push_back(InstructionSet::avx512);
  if ((machine & HWY_AVX3) != 0 && machine_has_bf16()) available.push_back(InstructionSet::avx512_bf16);
  return available;
}

std::string list_available() {
  std::string names;
  for (const InstructionSet set : available_instruction_sets()) {
    names += (names.empty() ? "" : ", ") + std::string(to_string(set));
  }
  return names;
}

// From now on HWY_DYNAMIC_DISPATCH calls the best of the targets that are left.
void dispatch_to(InstructionSet set) {
  native_bf16 = set == InstructionSet::avx512_bf16;
  hwy::GetChosenTarget().Update(hwy::SupportedTargets() & targets_up_to(set));
}

void check_available(InstructionSet set, const std::string& asked_by) {
  const auto available = available_instruction_sets();
  if (std::find(available.begin(), available.end(), set) != available.end()) return;
  throw Error(ErrorKind::usage, asked_by + std::string(to_string(set)) +
                                    ": this machine has not got it; it has " + list_available());
}

// SONDE_CPU is for tests, for comparing machines and for one whose best set is slow; empty is as good as
// unset.
InstructionSet choose() {
  const char* forced = std::getenv("SONDE_CPU");
  if (forced == nullptr || *forced == '\0') return available_instruction_sets().back();
  const auto* name = std::find(std::begin(kNames), std::end(kNames), std::string_view(forced));
  if (name == std::end(kNames)) {
    throw Error(ErrorKind::usage,
                "SONDE_CPU " + std::string(forced) + " is unknown: use one of " + list_available());
  }
  const InstructionSet set = kAll[name - std::begin(kNames)];
  check_available(set, "SONDE_CPU ");
  return set;
}

// Chosen when it is first asked for, which is before the first kernel runs (SONDE_DISPATCH): an Error that
// names SONDE_CPU reaches the caller, which one thrown before main() would not.
std::atomic<InstructionSet>& chosen() {
  static std::atomic<InstructionSet> the_chosen = [] {
    const InstructionSet set = choose();
    dispatch_to(set);
    return set;
  }();
  return the_chosen;
}

}  // namespace

std::string_view to_string(InstructionSet set) { return kNames[static_cast<std::size_t>(set)]; }

std::span<const InstructionSet> available_instruction_sets() {
  static const std::vector<InstructionSet> available = find_available();
  return available;
}

InstructionSet instruction_set() { return chosen(); }

void use_instruction_set(InstructionSet set) {
  check_available(set, "instruction set ");
  chosen() = set;
  dispatch_to(set);
}

}  // namespace sonde::kernels
