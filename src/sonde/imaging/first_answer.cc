// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/first_answer.h"

namespace sonde {

FirstAnswer first_answer(const Prompt& prompt) {
  return prompt.box || prompt.mask ? FirstAnswer::single : FirstAnswer::first_candidate;
}

}  // namespace sonde
