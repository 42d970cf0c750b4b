// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/start_thread.h"

#include <system_error>
#include <utility>

#include "sonde/core/error.h"

namespace sonde {

std::thread start_thread(std::function<void()> work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error&) {
    throw Error(ErrorKind::unavailable,
                "no thread can be started: memory or the number of threads is limited");
  }
}

}  // namespace sonde
