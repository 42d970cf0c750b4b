// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

TEST(LoadPlugin, NamesALibraryThatIsNotThereAndWhatItIsFor) {
  try {
    load_plugin({.file = "libsonde-nothing.so", .symbol = "anything", .purpose = "device abacus"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_THAT(error.what(),
                testing::HasSubstr("device abacus: sonde was installed without libsonde-nothing.so"));
  }
}

}  // namespace
}  // namespace sonde
