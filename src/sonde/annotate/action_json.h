// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "sonde/annotate/action.h"

// How the history keeps planes, prompts and actions. (What goes over the wire stands in server/wire.h.)
namespace sonde {

// Throw Error{corrupt_data} for what is not a whole number of 64 bits: the library would convert anything.
std::int64_t integer_from(const nlohmann::json& json);
std::size_t index_from(const nlohmann::json& json);
std::vector<std::int64_t> integers_from(const nlohmann::json& list);

nlohmann::json plane_to_json(PlaneRef plane);
PlaneRef plane_from_json(const nlohmann::json& json);
nlohmann::json prompt_to_json(const PromptWithWindow& prompt);
PromptWithWindow prompt_from_json(const nlohmann::json& json);

// The voxels of an import are not part of it.
nlohmann::json action_to_json(const Action& action);
// Throws nlohmann::json::exception or Error{corrupt_data} for what is none.
Action action_from_json(const nlohmann::json& json);

}  // namespace sonde
