// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sonde {

extern const char* const kRegistryJson;  // registry.json

}  // namespace sonde
