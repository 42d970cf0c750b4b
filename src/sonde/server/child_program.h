// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace sonde {

// A program that works beside the server, at low priority, and does not outlive it: where the thread that
// started it ends, it is told to stop. Its standard output is thrown away. Of one thread.
class ChildProgram {
 public:
  // command: program and arguments. Throws Error{unavailable} where it cannot be started.
  explicit ChildProgram(const std::vector<std::string>& command);
  ChildProgram(const ChildProgram&) = delete;
  ChildProgram& operator=(const ChildProgram&) = delete;
  ~ChildProgram();  // tells it to stop; kills what has not ended some seconds later

  struct Said {
    std::optional<std::string> line;  // of its standard error; absent: none has come
    enum class State { speaking, silent } state = State::speaking;  // silent: it says no more
  };
  // Waits for a line for as long as `wait`.
  Said next(std::chrono::milliseconds wait);
  void tell_to_stop() const;
  // Its exit status, 128 and the signal where one ended it. Waits.
  int wait();

 private:
  pid_t child_ = -1;
  int errors_ = -1;  // pipe of its standard error
  std::string rest_;
};

}  // namespace sonde
