// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sonde/cli/commands.h"
#include "sonde/cli/shared_options.h"
#include "sonde/cli/study_segmenter.h"
#include "sonde/evaluate/data_set.h"
#include "sonde/evaluate/protocol.h"
#include "sonde/evaluate/study_folder.h"
#include "sonde/imaging/window.h"

namespace sonde {

// What `sonde study run` is asked for.
struct StudyRequest {
  std::vector<std::string> data;
  std::string out;
  std::string modes = "1,2,3,4,5", choose = "confidence,first,oracle,single";
  std::string feedback = "none", ties = "random", sign = "class";
  std::string axis, window;
  std::optional<std::int64_t> limit;
  std::int64_t min_area_px = 1;
  FrameOfReference frame_of_reference = FrameOfReference::same;
  ProtocolOptions protocol;
  ModelArguments model;
  StoreUse store = StoreUse::reuse;
  bool json = false;
};
void declare_study(CommandLine& line, StudyRequest& request);
// Fills `protocol` from the texts. Throws Error{usage} naming the option.
void resolve(StudyRequest& request);

PlanOptions plan_options(const StudyRequest& request);
WindowChoice window_choice(const StudyRequest& request);
// args: as typed, for the record; what does not change the results is left out.
StudyDescription describe_study(const StudyRequest& request, const std::vector<DataSetPlan>& plans,
                                const SamModel& model, Arguments args);

}  // namespace sonde
