// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sonde/weights/model_card.h"

namespace sonde {

// A model's card for people, in lines; what a file says is made fit for a terminal.
std::string card_for_people(const ModelCard& card);

}  // namespace sonde
