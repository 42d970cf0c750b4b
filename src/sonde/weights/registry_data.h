// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sonde {

std::string_view registry_json();  // registry.json

}  // namespace sonde
