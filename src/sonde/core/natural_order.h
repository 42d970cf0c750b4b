// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string_view>

namespace sonde {

// Bytewise, runs of digits by value: "slice2" < "slice10". Total orders.
std::strong_ordering compare_names(std::string_view a, std::string_view b);
bool name_before(std::string_view a, std::string_view b);

}  // namespace sonde
