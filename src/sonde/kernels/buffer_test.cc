// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/buffer.h"

#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

namespace sonde::kernels {
namespace {

bool is_aligned(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory) % 64 == 0; }

TEST(Buffers, AreAlignedForVectors) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{5} << 20U}) {
    const Buffer buffer(size);
    EXPECT_TRUE(is_aligned(buffer.data()));
    EXPECT_EQ(buffer.size(), size);
    std::fill_n(buffer.data(), size, std::byte{1});
  }
}

TEST(ScratchScopes, GiveBackWhatWasTakenWithinThem) {
  ScratchScope outer;
  const std::byte* first = outer.bytes(10);
  const std::byte* inner_bytes = nullptr;
  {
    ScratchScope inner;
    inner_bytes = inner.bytes(100);
    EXPECT_NE(inner_bytes, first);
  }
  EXPECT_EQ(outer.bytes(100), inner_bytes);
}

TEST(ScratchScopes, GrowBeyondTheirFirstBlockWithoutMovingWhatWasTaken) {
  ScratchScope scratch;
  auto* first = scratch.take<int>(1);
  *first = 7;
  constexpr std::size_t kLarge = std::size_t{3} << 20U;
  for (int i = 0; i < 5; ++i) {
    std::byte* more = scratch.bytes(kLarge);
    EXPECT_TRUE(is_aligned(more));
    std::fill_n(more, kLarge, std::byte{0});
  }
  EXPECT_EQ(*first, 7);
}

TEST(ScratchScopes, OfTwoThreadsAreApart) {
  ScratchScope scratch;
  const std::byte* mine = scratch.bytes(64);
  const std::byte* theirs = nullptr;
  std::thread([&] {
    ScratchScope other;
    theirs = other.bytes(64);
  }).join();
  EXPECT_NE(mine, theirs);
}

}  // namespace
}  // namespace sonde::kernels
