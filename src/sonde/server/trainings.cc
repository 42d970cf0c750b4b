// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/trainings.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string_view>

#include "sonde/annotate/snapshot.h"
#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/json_fields.h"
#include "sonde/core/text.h"
#include "sonde/core/threads.h"
#include "sonde/server/child_program.h"
#include "sonde/weights/model_card.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// One part is measured while it trains, one at the end, and neither is trained on: whole images.
constexpr std::int64_t kMinImages = 3, kMinObjects = 6;
constexpr std::chrono::milliseconds kLook{100};  // between looks for a wish to stop

// What was asked for, and what it took: N.json.
struct Kept {
  wire::TrainingSettings settings;
  std::vector<std::string> arguments;
  std::optional<double> seconds_to_begin, seconds_a_step;
};
template <class V>
void describe(V& v, Kept& kept) {
  describe(v, kept.settings);
  v("arguments", kept.arguments);
  v("seconds_to_begin", kept.seconds_to_begin, {.presence = Presence::left_out});
  v("seconds_a_step", kept.seconds_a_step, {.presence = Presence::left_out});
}

// A line of --json-progress.
struct Told {
  std::string what;
  std::int64_t done = 0, total = 0;
  std::optional<double> loss, iou, validation_iou, seconds_left;
};
template <class V>
void describe(V& v, Told& told) {
  v("what", told.what);
  v("done", told.done);
  v("total", told.total);
  v("loss", told.loss);
  v("iou", told.iou);
  v("validation_iou", told.validation_iou);
  v("seconds_left", told.seconds_left);
}

std::optional<std::int64_t> number_in(const std::string& name) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool is_whole = error == std::errc() && std::string_view(end) == ".json";
  return is_whole && number > 0 ? std::optional(number) : std::nullopt;
}

std::vector<std::int64_t> numbers_in(const fs::path& folder) {
  std::vector<std::int64_t> numbers;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    if (const auto number = number_in(entry.path().filename().string())) numbers.push_back(*number);
  }
  std::ranges::sort(numbers, std::greater{});
  return numbers;
}

fs::path kept_file(const fs::path& folder, std::int64_t number) {
  return folder / (std::to_string(number) + ".json");
}
fs::path copy_folder(const fs::path& folder, std::int64_t number) {
  return folder / (std::to_string(number) + ".copy");
}

Kept read_kept(const fs::path& file) {
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  try {
    return from_json<Kept, Layout::stored>(parse_ordered_json(text));
  } catch (const std::exception& error) {
    throw Error(ErrorKind::corrupt_data, file.string() + ": " + error.what());
  }
}

void write_kept(const fs::path& file, const Kept& kept) {
  write_durably(file, json_text(to_json<Layout::stored>(kept), 2) + '\n');
}

std::string two_decimals(double value) {
  const auto hundredths = std::llround(value * 100);
  const std::string digits = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + '.' + (digits.size() < 2 ? "0" : "") + digits;
}

// What a person reads while it trains.
std::string line_of(const Told& told) {
  if (!told.loss) return "reading and encoding the pictures";
  std::string line = "step " + std::to_string(told.done) + " of " + std::to_string(told.total) + ", loss " +
                     two_decimals(*told.loss);
  if (told.validation_iou) line += ", validation IoU " + two_decimals(*told.validation_iou);
  if (told.seconds_left) {
    const auto minutes = std::llround(*told.seconds_left / 60);
    line += minutes < 1 ? ", less than a minute left" : ", about " + std::to_string(minutes) + " min left";
  }
  return line;
}

// The seconds that a training takes, from its own account.
class Watch {
 public:
  void see(const Told& told) {
    if (!told.loss) return;
    if (first_step_ == 0) {
      first_step_ = told.done;
      stepping_ = Clock::now();
    }
    last_step_ = told.done;
  }
  // Of a run from its beginning to its end.
  void note(Kept& kept) const {
    if (first_step_ != 1 || last_step_ < 2) return;
    const auto seconds = [](Clock::duration time) { return std::chrono::duration<double>(time).count(); };
    kept.seconds_to_begin = seconds(stepping_ - began_);
    kept.seconds_a_step = seconds(Clock::now() - stepping_) / static_cast<double>(last_step_ - 1);
  }

 private:
  Clock::time_point began_ = Clock::now(), stepping_;
  std::int64_t first_step_ = 0, last_step_ = 0;  // 0: none yet
};

std::vector<std::string> command_of(const TrainingOptions& options, const Kept& kept, const fs::path& data,
                                    const fs::path& run) {
  std::vector<std::string> command{options.command.front()};
  command.insert(command.end(), kept.arguments.begin(), kept.arguments.end());
  for (const std::string& one :
       {std::string("--data"), data.string(), std::string("--out"), run.string(), std::string("--what"),
        std::string(to_string(kept.settings.what)), std::string("--steps"),
        std::to_string(kept.settings.steps), std::string("--seed"), std::to_string(kept.settings.seed),
        std::string("--json-progress")})
    command.push_back(one);
  return command;
}

// Follows a training to its end. Returns the last line that was not progress.
std::string follow(ChildProgram& child, Watch& watch, const JobReport& report) {
  std::string last;
  Told told;
  for (;;) {
    report.progress({line_of(told), told.done, told.total});  // throws to stop it
    const ChildProgram::Said said = child.next(kLook);
    if (said.state == ChildProgram::Said::State::silent) return last;
    if (!said.line) continue;
    if (!said.line->starts_with('{')) {
      if (!said.line->starts_with("note: ")) last = *said.line;
      continue;
    }
    try {
      told = from_json<Told, Layout::stored>(parse_ordered_json(*said.line));
      watch.see(told);
    } catch (const std::exception&) {  // a line that was cut by the child's death
    }
  }
}

void append_card(wire::TrainingFacts& facts, const ModelCard& card) {
  for (const CardComparison& c : card.test) {
    if (c.after.choice != "card") continue;
    facts.test.push_back(
        {c.after.prompt, c.after.n, c.before.iou, c.after.iou, c.after.iou_low, c.after.iou_high});
  }
  for (const CardGuard& guard : card.guards)
    facts.guards.push_back({guard.name, guard.before, guard.after, guard.limit, guard.passed});
  facts.notes = card.notes;
}

}  // namespace

Trainings::Trainings(Project& project, ImageService& service, TrainingOptions options)
    : project_(project),
      service_(service),
      options_(std::move(options)),
      folder_(project.folder() / "training") {}

fs::path Trainings::run_folder(std::int64_t training) const { return folder_ / std::to_string(training); }

wire::TrainingFacts Trainings::facts_of(std::int64_t training) const {
  wire::TrainingFacts facts;
  facts.training = training;
  facts.settings = read_kept(kept_file(folder_, training)).settings;
  const fs::path run = run_folder(training);
  std::error_code none;
  if (running_ == training) {
    facts.state = wire::TrainingState::running;
  } else if (fs::exists(run / "card.json", none)) {
    facts.state = wire::TrainingState::done;
    facts.file = fs::relative(run / "model.safetensors", project_.folder()).string();
    facts.has_report = fs::exists(run / "report.html", none);
    append_card(facts, read_card(run / "card.json"));
  }
  return facts;
}

std::optional<std::string> Trainings::missing() const {
  if (!options_.missing.empty()) return options_.missing;
  std::int64_t objects = 0, images = 0;
  for (const ImageSummary& image : project_.images()) {
    objects += image.approved;
    images += image.approved > 0 ? 1 : 0;
  }
  if (objects >= kMinObjects && images >= kMinImages) return std::nullopt;
  return "approved so far: " + counted(objects, "object") + " in " + counted(images, "image") +
         "; needed: at least " + std::to_string(kMinObjects) + " objects in " + std::to_string(kMinImages) +
         " images, for some images only measure what was learned";
}

wire::TrainingList Trainings::list() const {
  const std::lock_guard lock(mutex_);
  wire::TrainingList list;
  list.missing = missing();
  for (const ImageSummary& image : project_.images()) {
    list.objects += image.approved;
    list.images += image.approved > 0 ? 1 : 0;
  }
  // Of an AMD EPYC (docs/train.md), checks included, until one has been trained here.
  constexpr double kSecondsOfCoreToBegin = 8, kSecondsOfCoreAPicture = 0.7, kSecondsOfCoreAStep = 0.7;
  const double cores = std::max(physical_core_count() - 1, 1);
  list.seconds_to_begin =
      (kSecondsOfCoreToBegin + kSecondsOfCoreAPicture * static_cast<double>(list.images)) / cores;
  list.seconds_a_step = kSecondsOfCoreAStep / cores;
  bool is_measured = false;
  for (const std::int64_t number : numbers_in(folder_)) {
    try {
      const Kept kept = read_kept(kept_file(folder_, number));
      if (!is_measured && kept.seconds_to_begin && kept.seconds_a_step) {
        list.seconds_to_begin = *kept.seconds_to_begin;
        list.seconds_a_step = *kept.seconds_a_step;
        is_measured = true;
      }
      list.trainings.push_back(facts_of(number));
    } catch (const Error&) {  // half deleted by hand: of no use to anybody
    }
  }
  return list;
}

std::shared_ptr<const Trainings::Turn> Trainings::begin(const wire::TrainingRequest& request) {
  const std::lock_guard lock(mutex_);
  if (!options_.missing.empty()) throw Error(ErrorKind::unavailable, options_.missing);
  if (running_) throw Error(ErrorKind::conflict, "training " + std::to_string(*running_) + " is under way");
  const std::vector<std::int64_t> numbers = numbers_in(folder_);
  if (request.go_on) {
    const std::string name = "training " + std::to_string(*request.go_on);
    if (std::ranges::find(numbers, *request.go_on) == numbers.end())
      throw Error(ErrorKind::not_found, "there is no " + name);
    if (facts_of(*request.go_on).state == wire::TrainingState::done)
      throw Error(ErrorKind::usage, name + " is done");
    running_ = request.go_on;
  } else {
    if (const auto reason = missing()) throw Error(ErrorKind::usage, *reason);
    const std::int64_t number = numbers.empty() ? 1 : numbers.front() + 1;
    std::error_code failed;
    fs::create_directories(folder_, failed);
    if (failed) throw Error(ErrorKind::unavailable, folder_.string() + ": " + failed.message());
    write_kept(kept_file(folder_, number),
               {request.settings, {options_.command.begin() + 1, options_.command.end()}, {}, {}});
    running_ = number;
  }
  return std::make_shared<const Turn>(*this, *running_);
}

void Trainings::leave(std::int64_t training) {
  const std::lock_guard lock(mutex_);
  if (running_ == training) running_.reset();
}

wire::TrainedResult Trainings::run(const Turn& turn, const JobReport& report) {
  const std::int64_t number = turn.training();
  const fs::path run = run_folder(number), copies = copy_folder(folder_, number);
  const fs::path data = copies / project_.folder().filename();
  std::error_code none;
  if (!fs::exists(data, none)) {
    const fs::path unfinished = copies / ".unfinished";
    fs::remove_all(unfinished, none);
    copy_project(project_.folder(), unfinished);
    fs::rename(unfinished, data);
  }
  Kept kept = read_kept(kept_file(folder_, number));
  Watch watch;
  ChildProgram child(command_of(options_, kept, data, run));
  const std::string last = follow(child, watch, report);
  child.wait();
  if (!fs::exists(run / "card.json", none))
    throw Error(ErrorKind::unavailable, last.empty() ? "the training ended without a word" : last);
  watch.note(kept);
  write_kept(kept_file(folder_, number), kept);
  fs::remove_all(copies, none);
  return {number};
}

fs::path Trainings::report_of(std::int64_t training) const {
  fs::path file = run_folder(training) / "report.html";
  std::error_code none;
  if (!fs::is_regular_file(file, none))
    throw Error(ErrorKind::not_found, "training " + std::to_string(training) + " has no report");
  return file;
}

SamModel Trainings::model_of(std::int64_t training) {
  const std::lock_guard lock(mutex_);
  if (loaded_ && loaded_->first == training) return loaded_->second;
  std::error_code none;
  const fs::path run = run_folder(training);
  if (running_ == training || !fs::exists(run / "card.json", none))
    throw Error(ErrorKind::not_found, "there is no training " + std::to_string(training) + " that is done");
  loaded_.emplace(training, options_.load(run / "model.safetensors"));
  return loaded_->second;
}

void Trainings::choose(std::optional<std::int64_t> training) {
  const SamModel model = training ? model_of(*training) : service_.first_model();
  const std::lock_guard lock(mutex_);
  if (training == chosen_) return;
  ChosenModel chosen{"", model.sha256(), model.name()};
  if (training) {
    chosen.name = "training " + std::to_string(*training);
    chosen.file = fs::relative(run_folder(*training) / "model.safetensors", project_.folder()).string();
  }
  project_.choose_model(chosen);
  service_.use(model);
  chosen_ = training;
}

std::optional<std::string> Trainings::choose_again() {
  const auto chosen = project_.chosen_model();
  if (!chosen) return std::nullopt;
  const fs::path file = project_.folder() / chosen->file;
  const std::string instead = ": " + service_.first_model().name() + " answers in place of " + chosen->name;
  try {
    const SamModel model = options_.load(file);
    if (model.sha256() != chosen->sha256) return file.string() + " has changed" + instead;
    service_.use(model);
    const std::lock_guard lock(mutex_);
    const auto numbers = numbers_in(folder_);
    const auto number = std::ranges::find_if(
        numbers, [&](std::int64_t one) { return run_folder(one) / "model.safetensors" == file; });
    if (number == numbers.end()) return std::nullopt;
    chosen_ = *number;
    loaded_.emplace(*number, model);
    return std::nullopt;
  } catch (const Error& error) {
    return error.what() + instead;
  }
}

wire::ModelFacts Trainings::model_facts() const {
  wire::ModelFacts facts = sonde::facts_of(service_.model());
  const std::lock_guard lock(mutex_);
  facts.training = chosen_;
  if (chosen_) facts.name = "training " + std::to_string(*chosen_);
  return facts;
}

}  // namespace sonde
