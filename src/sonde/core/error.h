// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace sonde {

enum class ErrorKind {
  usage,         // the request itself is wrong: a point outside the image, an unknown name
  not_found,     // a file or folder that was named is not there
  unsupported,   // a legal input that sonde does not read, named in docs/formats.md
  corrupt_data,  // a file that is cut, lies about itself or is dangerous
  conflict,      // what is asked does not go with what is there: the object is locked, or gone
  unavailable,   // the world said no: disk full, connection cut, no such device
  internal       // a bug in sonde
};

// The one way to fail. what() is one line that names the file or option, the fault and what is allowed.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace sonde
