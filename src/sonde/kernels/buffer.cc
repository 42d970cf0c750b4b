// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/buffer.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <sys/mman.h>
#include <vector>

namespace sonde::kernels {
namespace {

// The widest vector, and what it may read beyond a last row that does not fill it.
constexpr std::size_t kAlignment = 64, kBeyond = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

// The thread's scratch: blocks that are kept, each larger than the ones before.
struct Scratch {
  std::vector<Buffer> blocks;
  std::size_t block = 0, used = 0;
};
thread_local Scratch scratch;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): a thread's own

constexpr std::size_t kFirstBlock = std::size_t{4} << 20;

}  // namespace

Buffer::Buffer(std::size_t bytes) : size_(bytes) {
  // Packed weights are read from end to end for each image: with pages of 4 kB the address translation
  // misses.
  const bool large = bytes >= 2 * kHugePage;
  const std::size_t alignment = large ? kHugePage : kAlignment;
  // NOLINTNEXTLINE(cppcoreguidelines-no-malloc): huge pages want an alignment; data_ owns it
  void* memory = std::aligned_alloc(alignment, round_up(bytes + kBeyond, alignment));
  if (memory == nullptr) throw std::bad_alloc();
  if (large) ::madvise(memory, bytes, MADV_HUGEPAGE);
  data_.reset(static_cast<std::byte*>(memory));
}

void Buffer::Free::operator()(std::byte* memory) const {
  std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc): what aligned_alloc gave
}

ScratchScope::ScratchScope() : block_(scratch.block), used_(scratch.used) {}

ScratchScope::~ScratchScope() {
  scratch.block = block_;
  scratch.used = used_;
}

// From the current block, else from the next that has room; a block is never moved or made larger, as
// pointers into it are out. A new one is twice the last: few are made, and none once the largest work was
// seen.
std::byte* ScratchScope::bytes(std::size_t size) {
  const std::size_t wanted = round_up(size, kAlignment);
  for (;; ++scratch.block, scratch.used = 0) {
    if (scratch.block == scratch.blocks.size()) {
      const std::size_t last = scratch.blocks.empty() ? kFirstBlock / 2 : scratch.blocks.back().size();
      scratch.blocks.emplace_back(std::max(2 * last, wanted));
    }
    Buffer& block = scratch.blocks[scratch.block];
    if (block.size() - scratch.used < wanted) continue;
    std::byte* taken = block.data() + scratch.used;
    scratch.used += wanted;
    return taken;
  }
}

}  // namespace sonde::kernels
