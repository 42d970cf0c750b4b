// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sonde/core/isolated.h"

// The child's side of isolated.cc, and what both sides know.
namespace sonde {

// What travels from a child: pieces of a reply, then how it ended.
struct IsolatedFrame {
  enum class What : std::int32_t { piece, done, refused, failed } what = What::piece;
  std::int32_t kind = 0;   // of an error
  std::uint64_t size = 0;  // of the bytes or the error's text that follow
};
// What travels to a child that serves: a name for messages and the request follow.
struct IsolatedRequestHead {
  std::uint64_t name_size = 0, size = 0;
};

inline constexpr std::size_t kIsolatedBufferBytes = std::size_t{1} << 18;
inline constexpr int kMaxIsolatedRequests =
    256;                                   // a child keeps pages alive that its parent has given back since
inline constexpr int kRetiredStatus = 75;  // exit status of a child that had no request to lose

// Nothing of the parent's files, handlers and output is left to the decoder; the descriptor returned is its
// way to the parent.
int enter_isolation(int channel, const IsolationLimits& limits);

// Answers once with the bytes that `work` appends, behind their number, and ends with the parent's thread.
void answer_once(int channel, const std::string& name,
                 const std::function<void(std::vector<std::byte>&)>& work);
// Answers requests until there are none for five seconds, or as many as one child answers.
void answer_requests(int channel, const IsolationLimits& limits, IsolatedService service);

}  // namespace sonde
