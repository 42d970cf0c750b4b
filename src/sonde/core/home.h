// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace sonde {

// $HOME, else the user's home in the password database; empty where neither names one.
std::filesystem::path home_folder();

}  // namespace sonde
