// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <vector>

#include "sonde/evaluate/case_loader.h"
#include "sonde/evaluate/data_set.h"
#include "sonde/evaluate/journal.h"
#include "sonde/evaluate/protocol.h"
#include "sonde/evaluate/segmenter.h"
#include "sonde/imaging/window.h"

namespace sonde {

struct StudyProgress {
  std::int64_t done = 0, total = 0;  // objects and volumes
  std::int64_t failures = 0;         // so far
  double seconds_left = -1;          // below 0: nothing is known yet
};

struct StudyRun {
  ProtocolOptions protocol;
  WindowChoice window;
  int threads = 1;                                     // pictures at a time
  std::function<void(const StudyProgress&)> progress;  // called from one thread at a time; may be empty
  const std::atomic<bool>* stop = nullptr;             // set: no new object is begun
};

// Runs every task of the plans that the journal does not hold yet, each object durable as soon as it is
// done. Pictures run in parallel, each on one thread; answers depend on the task alone. What cannot be read
// or segmented is a failure, returned in the order of the plans' (failures of the plans are not repeated).
// Throws what Journal::append throws: then everything appended before is kept.
std::vector<StudyFailure> run_tasks(const std::vector<DataSetPlan>& plans, const StudyRun& run,
                                    const OpenPicture& open_picture, Journal& journal);

// Objects and volumes in the plans.
std::int64_t task_count(const std::vector<DataSetPlan>& plans);

}  // namespace sonde
