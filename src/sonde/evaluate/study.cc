// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/study.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <new>
#include <utility>

#include "sonde/core/cause.h"
#include "sonde/core/error.h"
#include "sonde/core/parallel.h"
#include "sonde/core/stopwatch.h"
#include "sonde/evaluate/volume_scores.h"

namespace sonde {
namespace {

// How long what is left of one kind of work will take, from what has been done.
class EtaEstimator {
 public:
  void add(std::int64_t count) { left_ += count; }
  void skip() { --left_; }
  void finish(double seconds) {
    --left_;
    ++measured_;
    seconds_ += seconds;
  }
  bool known() const { return done() || measured_ > 0; }
  bool done() const { return left_ <= 0; }
  double seconds_left() const {
    return measured_ > 0 ? static_cast<double>(std::max<std::int64_t>(left_, 0)) * seconds_ / measured_ : 0;
  }

 private:
  std::int64_t left_ = 0;
  double seconds_ = 0, measured_ = 0;
};

// Progress and failures: the only state that threads share.
class ProgressTracker {
 public:
  ProgressTracker(const StudyRun& run, std::int64_t pictures, std::int64_t tasks, std::int64_t volumes)
      : run_(run) {
    pictures_.add(pictures);
    tasks_.add(tasks);
    volumes_.add(volumes);
    progress_.total = tasks + volumes;
  }

  bool stopped() const { return run_.stop != nullptr && run_.stop->load(); }
  void picture_finished(double seconds) {
    update([&] { pictures_.finish(seconds); });
  }
  void picture_skipped() {
    update([&] { pictures_.skip(); });
  }
  void task_finished(double seconds) {
    update([&] { finish(tasks_, seconds); });
    has_answers_ = true;
  }
  bool has_answers() const { return has_answers_; }  // of this run
  void volume_finished(double seconds) {
    update([&] { finish(volumes_, seconds); });
  }
  // Done by an earlier run, or given up.
  void tasks_skipped(std::int64_t count) {
    update([&] {
      for (std::int64_t i = 0; i < count; ++i) tasks_.skip();
      progress_.done += count;
    });
  }
  void volume_skipped() {
    update([&] {
      volumes_.skip();
      ++progress_.done;
    });
  }
  void fail(StudyFailure failure) {
    update([&] {
      failures_.push_back(std::move(failure));
      ++progress_.failures;
    });
  }
  std::vector<StudyFailure> failures() {
    std::sort(failures_.begin(), failures_.end());
    return std::move(failures_);
  }

 private:
  void finish(EtaEstimator& kind, double seconds) {
    kind.finish(seconds);
    ++progress_.done;
  }
  template <typename Change>
  void update(const Change& change) {
    const std::lock_guard lock(mutex_);
    change();
    if (!run_.progress) return;
    // Volumes are quick beside their slices and come last.
    const bool known = pictures_.known() && tasks_.known() && (volumes_.known() || !tasks_.done());
    progress_.seconds_left =
        known ? (pictures_.seconds_left() + tasks_.seconds_left() + volumes_.seconds_left()) / run_.threads
              : -1;
    run_.progress(progress_);
  }

  const StudyRun& run_;
  std::mutex mutex_;
  EtaEstimator pictures_, tasks_, volumes_;
  StudyProgress progress_;
  std::vector<StudyFailure> failures_;
  std::atomic<bool> has_answers_ = false;
};

// What did not fit into memory beside others is tried again alone.
enum class Attempt { beside_others, alone };

// One picture: every task of it that is not done yet.
class PictureWork {
 public:
  PictureWork(const StudyCase& study_case, const StudyRun& run, Journal& journal, ProgressTracker& tracker)
      : case_(study_case), run_(run), journal_(journal), tracker_(tracker) {}

  // std::bad_alloc passes, but alone only where nothing fitted so far.
  void work(const CaseLoader& loader, const OpenPicture& open_picture, Attempt attempt) {
    find_todo();
    if (attempt == Attempt::beside_others)
      tracker_.tasks_skipped(static_cast<std::int64_t>(case_.tasks.size() - todo_.size()));
    if (todo_.empty()) return tracker_.picture_skipped();
    try {
      answer_all(loader, open_picture);
    } catch (const std::bad_alloc& error) {
      if (attempt == Attempt::beside_others || !tracker_.has_answers()) throw;
      find_todo();
      give_up(FailureKind::not_segmented, case_.image_file.string() + ": " + cause_of(error));
    }
  }

 private:
  void find_todo() {
    todo_.clear();
    for (std::size_t i = 0; i < case_.tasks.size(); ++i) {
      if (!journal_.holds(task_key(pending_record(case_, case_.tasks[i])))) todo_.push_back(i);
    }
  }

  void answer_all(const CaseLoader& loader, const OpenPicture& open_picture) {
    Stopwatch watch;
    auto loaded = loader.load(case_);
    if (const auto* failure = std::get_if<StudyFailure>(&loaded))
      return give_up(failure->kind, failure->reason);
    picture_ = std::get<LoadedCase>(std::move(loaded));
    Segmenter segmenter;
    try {
      segmenter = open_picture(picture_.image);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      return give_up(FailureKind::not_segmented, case_.image_file.string() + ": " + cause_of(error));
    }
    tracker_.picture_finished(watch.lap_ms() / 1000);
    for (const std::size_t index : todo_) {
      if (tracker_.stopped()) return;
      answer(index, segmenter);
    }
  }

  void give_up(FailureKind kind, const std::string& reason) {
    tracker_.fail({case_.dataset, case_.image, {}, kind, reason});
    tracker_.picture_skipped();
    tracker_.tasks_skipped(static_cast<std::int64_t>(todo_.size()));
  }

  void answer(std::size_t index, const Segmenter& segmenter) {
    const StudyTask& task = case_.tasks[index];
    Stopwatch watch;
    TaskRecord record = pending_record(case_, task);
    try {
      ProtocolTask asked{
          .name = case_.dataset + '\n' + case_.image + '\n' + std::to_string(task.label) + '\n' + task.object,
          .truth = picture_.truths.at(index),
          .any_class = &picture_.any_class};
      if (picture_.pixel_size)
        asked.spacing = {picture_.pixel_size->width_mm, picture_.pixel_size->height_mm};
      record.unit = picture_.pixel_size ? DistanceUnit::mm : DistanceUnit::px;
      record.window = picture_.window;
      record.outcomes = run_protocol(asked, segmenter, run_.protocol);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      tracker_.fail({case_.dataset, case_.image, task.label, FailureKind::not_segmented,
                     case_.image_file.string() + ": " + cause_of(error)});
      return tracker_.tasks_skipped(1);
    }
    journal_.append(record);
    tracker_.task_finished(watch.lap_ms() / 1000);
  }

  const StudyCase& case_;
  const StudyRun& run_;
  Journal& journal_;
  ProgressTracker& tracker_;
  LoadedCase picture_;
  std::vector<std::size_t> todo_;
};

// Calls work(i) for 0 .. count - 1 on several threads, until stop.
template <typename Work>
void in_parallel_then_alone(std::size_t count, int threads, const ProgressTracker& tracker,
                            const Work& work) {
  std::mutex mutex;
  std::vector<std::size_t> too_large;
  parallel_for(threads, static_cast<std::int64_t>(count), [&](std::int64_t i) {
    if (tracker.stopped()) return;
    try {
      work(static_cast<std::size_t>(i), Attempt::beside_others);
    } catch (const std::bad_alloc&) {
      const std::lock_guard lock(mutex);
      too_large.push_back(static_cast<std::size_t>(i));
    }
  });
  std::ranges::sort(too_large);
  for (const std::size_t i : too_large)
    if (!tracker.stopped()) work(i, Attempt::alone);
}

// A label of a volume whose slices are all done.
class VolumeWork {
 public:
  VolumeWork(const VolumeTask& task, const StudyRun& run, Journal& journal, ProgressTracker& tracker)
      : task_(task), run_(run), journal_(journal), tracker_(tracker) {}

  void work(const DataSetPlan& plan, const CaseLoader& loader, Attempt attempt) {
    try {
      score(plan, loader);
    } catch (const std::bad_alloc& error) {
      if (attempt == Attempt::beside_others) throw;
      tracker_.fail({task_.dataset, task_.image, task_.task.label, FailureKind::unreadable_image,
                     task_.image_file.string() + ": " + cause_of(error)});
      tracker_.volume_skipped();
    }
  }

 private:
  void score(const DataSetPlan& plan, const CaseLoader& loader) {
    Stopwatch watch;
    TaskRecord record = pending_record(task_);
    const auto slices = slices_of(plan, task_);
    const bool whole = std::all_of(slices.begin(), slices.end(),
                                   [&](const TaskRecord& slice) { return journal_.holds(task_key(slice)); });
    if (!whole || journal_.holds(task_key(record))) return tracker_.volume_skipped();
    const auto loaded = loader.load(task_);
    if (const auto* failure = std::get_if<StudyFailure>(&loaded)) {
      tracker_.fail(*failure);
      return tracker_.volume_skipped();
    }
    const auto& truth = std::get<VolumeTruth>(loaded);
    record.unit = truth.voxel_mm ? DistanceUnit::mm : DistanceUnit::px;
    record.outcomes = volume_outcomes(truth, answered(slices), run_.protocol.tolerance);
    journal_.append(record);
    tracker_.volume_finished(watch.lap_ms() / 1000);
  }

  std::vector<TaskRecord> answered(const std::vector<TaskRecord>& slices) const {
    std::vector<TaskRecord> records;
    records.reserve(slices.size());
    for (const TaskRecord& slice : slices) records.push_back(journal_.read(task_key(slice)));
    return records;
  }

  const VolumeTask& task_;
  const StudyRun& run_;
  Journal& journal_;
  ProgressTracker& tracker_;
};

}  // namespace

std::int64_t task_count(const std::vector<DataSetPlan>& plans) {
  std::int64_t count = 0;
  for (const DataSetPlan& plan : plans) {
    for (const StudyCase& c : plan.cases) count += static_cast<std::int64_t>(c.tasks.size());
    count += static_cast<std::int64_t>(plan.volumes.size());
  }
  return count;
}

std::vector<StudyFailure> run_tasks(const std::vector<DataSetPlan>& plans, const StudyRun& run,
                                    const OpenPicture& open_picture, Journal& journal) {
  std::vector<const StudyCase*> cases;
  std::vector<std::pair<const DataSetPlan*, const VolumeTask*>> volumes;
  for (const DataSetPlan& plan : plans) {
    for (const StudyCase& c : plan.cases) cases.push_back(&c);
    for (const VolumeTask& v : plan.volumes) volumes.emplace_back(&plan, &v);
  }
  const auto volume_count = static_cast<std::int64_t>(volumes.size());
  ProgressTracker tracker(run, static_cast<std::int64_t>(cases.size()), task_count(plans) - volume_count,
                          volume_count);
  const CaseLoader loader(run.window);
  in_parallel_then_alone(cases.size(), run.threads, tracker, [&](std::size_t i, Attempt attempt) {
    PictureWork(*cases[i], run, journal, tracker).work(loader, open_picture, attempt);
  });
  in_parallel_then_alone(volumes.size(), run.threads, tracker, [&](std::size_t i, Attempt attempt) {
    VolumeWork(*volumes[i].second, run, journal, tracker).work(*volumes[i].first, loader, attempt);
  });
  return tracker.failures();
}

}  // namespace sonde
