// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

namespace sonde {

// For tests: the folder with real images and golden answers, $SONDE_SHARED or shared/ beside the checkout;
// absent on a user's machine, where the tests that need it are skipped.
std::optional<std::filesystem::path> shared_folder();

// test/data of the checkout.
std::filesystem::path test_data_folder();

// The program that was built with the tests.
const char* program_path();

}  // namespace sonde
