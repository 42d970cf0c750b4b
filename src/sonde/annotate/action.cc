// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/action.h"

#include "sonde/core/json_fields.h"

namespace sonde {

std::string input_to_json(const EventInput& input) { return json_text(to_json<Layout::stored>(input)); }

EventInput input_from_json(const std::string& text) {
  const Json json = parse_ordered_json(text);
  auto input = from_json<EventInput, Layout::stored>(json);
  auto* import = std::get_if<ImportAction>(&input.action);
  if (import != nullptr && !json.at("action").contains("among"))
    import->among = ImportAction::Among::overlap_rule;
  return input;
}

}  // namespace sonde
