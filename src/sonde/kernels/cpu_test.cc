// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/cpu.h"

#include <algorithm>
#include <cstdlib>

#include <gmock/gmock.h>

#include "sonde/core/error.h"
#include "sonde/kernels/matrix.h"

namespace sonde::kernels {
namespace {

TEST(InstructionSets, BaselineIsAlwaysThereAndComesFirst) {
  ASSERT_FALSE(available_instruction_sets().empty());
  EXPECT_EQ(available_instruction_sets().front(), InstructionSet::baseline);
  EXPECT_TRUE(std::is_sorted(available_instruction_sets().begin(), available_instruction_sets().end()));
}

TEST(InstructionSets, HaveTheNamesThatSondeCpuTakes) {
  EXPECT_EQ(to_string(InstructionSet::baseline), "baseline");
  EXPECT_EQ(to_string(InstructionSet::sse4), "sse4");
  EXPECT_EQ(to_string(InstructionSet::avx2), "avx2");
  EXPECT_EQ(to_string(InstructionSet::avx512), "avx512");
  EXPECT_EQ(to_string(InstructionSet::avx512_bf16), "avx512-bf16");
}

TEST(InstructionSets, OneTheMachineLacksIsRefusedByName) {
  const auto available = available_instruction_sets();
  if (available.back() == InstructionSet::avx512_bf16) GTEST_SKIP() << "this machine has them all";
  EXPECT_THAT([] { use_instruction_set(InstructionSet::avx512_bf16); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("avx512-bf16")));
}

// In a process of its own, because the environment is read once.
[[noreturn]] void choose_with(const char* name) {
  ::setenv("SONDE_CPU", name, 1);
  try {
    std::exit(static_cast<int>(instruction_set()));
  } catch (const Error& error) {
    std::fputs(error.what(), stderr);
    std::exit(100);
  }
}

TEST(SondeCpuDeathTest, ForcesWhatItNames) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(choose_with("baseline"), testing::ExitedWithCode(static_cast<int>(InstructionSet::baseline)),
              "");
}

TEST(SondeCpuDeathTest, IsRefusedWhereItNamesNone) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(choose_with("pentium"), testing::ExitedWithCode(100),
              "SONDE_CPU pentium is unknown: use one of baseline");
}

}  // namespace
}  // namespace sonde::kernels
