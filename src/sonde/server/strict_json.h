// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "sonde/core/json_fields.h"
#include "sonde/server/http_message.h"

// JSON from elsewhere, read without guessing: whatever is not exactly as expected is refused with 400.
namespace sonde {

// Throws RefusedRequest for what is not JSON (RFC 8259), for a field that comes twice, for depth above 16.
Json parse_strictly(std::string_view text);

}  // namespace sonde
