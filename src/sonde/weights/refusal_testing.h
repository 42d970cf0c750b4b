// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"

namespace sonde {

// For tests: what the Error says that `work` must throw; it is of `kind` and names `file`.
template <typename Work>
std::string refusal_of(const Work& work, const std::string& file, ErrorKind kind = ErrorKind::corrupt_data) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_THAT(error.what(), testing::HasSubstr(file));
    return error.what();
  }
  ADD_FAILURE() << "was not refused";
  return "";
}

}  // namespace sonde
