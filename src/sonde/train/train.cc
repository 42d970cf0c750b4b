// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/train.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/core/threads.h"
#include "sonde/kernels/cpu.h"
#include "sonde/predict/sam_model_impl.h"
#include "sonde/train/finish.h"
#include "sonde/train/loop.h"
#include "sonde/train/views.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/registry.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

std::string sha256_of(const std::string& text) { return sha256_hex(std::as_bytes(std::span(text))); }

// All that is read before the folder is touched.
struct Prepared {
  std::vector<TrainPicture> pictures;
  std::vector<DataOrigin> origins;
  std::vector<StudyFailure> failures;
  std::vector<std::string> notes;
};

DataOptions data_options(const TrainRequest& request, int threads) {
  const TrainSettings& s = request.settings;
  return {.plan = {.min_area_px = s.min_area_px,
                   .axis = s.axis,
                   .limit = s.limit,
                   .frame_of_reference = request.frame_of_reference},
          .window = s.window.empty() ? WindowChoice{} : parse_window(s.window),
          .per_picture = s.per_picture,
          .seed = s.seed,
          .threads = threads};
}

Progress progress_of(const TrainHooks& hooks) {
  if (!hooks.progress && hooks.stop == nullptr) return {};
  return [&hooks](const ProgressUpdate& update) {
    if (hooks.stop != nullptr && *hooks.stop) throw StopRequested{};
    if (hooks.progress) hooks.progress({.what = update.what, .done = update.done, .total = update.total});
  };
}

// A set that is trained on cannot tell how the network does elsewhere.
void append_guard_sets(Prepared& prepared, TrainingData guard) {
  std::set<std::string> trained;
  for (const TrainPicture& picture : prepared.pictures) trained.insert(picture.dataset);
  for (TrainPicture& picture : guard.pictures) {
    if (trained.contains(picture.dataset))
      throw Error(ErrorKind::usage,
                  "--guard " + picture.dataset + ": is the name of a set that is trained on");
    picture.part = SplitPart::guard;
    prepared.pictures.push_back(std::move(picture));
  }
  std::ranges::move(guard.failures, std::back_inserter(prepared.failures));
  std::ranges::move(guard.notes, std::back_inserter(prepared.notes));
}

// Classes that only the test part shows, and parts too small to say much.
std::vector<std::string> notes_on_parts(const std::vector<TrainPicture>& pictures) {
  constexpr std::int64_t kFewObjects = 10;
  std::map<SplitPart, std::set<std::string>> classes;
  std::map<SplitPart, std::int64_t> objects;
  for (const TrainPicture& picture : pictures) {
    objects[picture.part] += static_cast<std::int64_t>(picture.tasks.size());
    for (const TrainObject& object : picture.objects) classes[picture.part].insert(object.class_name);
  }
  std::vector<std::string> notes;
  for (const SplitPart part : {SplitPart::validation, SplitPart::test}) {
    const std::string word(to_string(part));
    if (objects.contains(part) && objects[part] < kFewObjects)
      notes.push_back("the " + word + " part has " + counted(objects[part], "object") +
                      ": its figures say little");
    for (const std::string& name : classes[part])
      if (!classes[SplitPart::train].contains(name))
        notes.push_back("class " + in_quotes(name) + " is in the " + word +
                        " part and not in the training part");
  }
  return notes;
}

Prepared prepare(const TrainRequest& request, int threads, const TrainHooks& hooks) {
  const DataOptions options = data_options(request, threads);
  TrainingData data = read_training_data(request.data, options, progress_of(hooks));
  Prepared prepared{std::move(data.pictures), std::move(data.origins), std::move(data.failures),
                    std::move(data.notes)};
  if (prepared.pictures.empty())
    throw Error(ErrorKind::usage, "--data: there is no object to train on that is at least " +
                                      std::to_string(request.settings.min_area_px) + " pixels large");
  SplitOptions split_options = request.settings.split;
  split_options.seed = request.settings.seed;
  std::ranges::move(split(prepared.pictures, split_options), std::back_inserter(prepared.notes));
  if (!request.guard.empty())
    append_guard_sets(prepared, read_training_data(request.guard, options, progress_of(hooks)));
  check_leakage(prepared.pictures);
  std::ranges::move(notes_on_parts(prepared.pictures), std::back_inserter(prepared.notes));
  return prepared;
}

RunDescription describe_run(const TrainRequest& request, const BaseModel& base, int threads,
                            const Prepared& prepared, const std::string& split_text) {
  RunDescription run;
  std::string names;
  std::set<std::string> seen;
  for (const TrainPicture& picture : prepared.pictures)
    if (seen.insert(picture.dataset).second)
      names += (names.empty() ? "" : ", ") + picture.dataset +
               (picture.part == SplitPart::guard ? " (guard)" : "");
  run.settings = {{"data sets", names},
                  {"model", base.model.name() + " (" + base.model.architecture() + ")"},
                  {"weights SHA-256", base.model.sha256()},
                  {"precision", base.model.precision() == Precision::bf16 ? "bf16" : "fp32"}};
  for (auto& setting : described(request.settings)) run.settings.push_back(std::move(setting));
  if (request.frame_of_reference == FrameOfReference::any)
    run.settings.emplace_back("--any-frame-of-reference", "yes");
  run.settings.emplace_back("--threads", std::to_string(threads));
  run.settings.emplace_back("--ranks", std::to_string(request.ranks.ranks));
  run.settings.emplace_back("instruction set", std::string(kernels::to_string(kernels::instruction_set())));
  run.settings.emplace_back("split SHA-256", sha256_of(split_text));
  run.settings.emplace_back("data SHA-256", data_sha256(prepared.pictures));
  run.facts = request.facts;
  return run;
}

// What a prompt may name in the end: the classes that the network has already, else those of the training
// part, by name.
std::vector<std::string> class_names(const TrainRequest& request, const BaseModel& base,
                                     const std::vector<TrainPicture>& pictures) {
  std::vector<std::string> known;
  for (const CardClass& one : base.model.classes()) known.push_back(one.name);
  if (!request.settings.classes) return known;
  std::set<std::string> names;
  for (const TrainPicture& picture : pictures)
    if (picture.part == SplitPart::train)
      for (const TrainObject& object : picture.objects) names.insert(object.class_name);
  if (known.empty()) return {names.begin(), names.end()};
  for (const std::string& name : names)
    if (std::ranges::find(known, name) == known.end())
      throw Error(ErrorKind::usage, "--prompts class: the model " + base.model.name() +
                                        " does not know class " + in_quotes(name) +
                                        " and learns no further ones; start from one without classes");
  return known;
}

TunerOptions tuner_options(const TrainRequest& request, int threads, std::vector<std::string> classes) {
  const TrainSettings& s = request.settings;
  return {.part = s.part,
          .lora_rank = s.lora_rank,
          .mask_loss = s.mask_loss,
          .seed = s.seed,
          .threads = threads,
          .class_names = std::move(classes),
          .ranks = request.ranks};
}

std::unique_ptr<RunFolder> open_folder(const TrainRequest& request, const RunDescription& run,
                                       const std::string& split_text) {
  if (request.ranks.rank > 0) return std::make_unique<RunFolder>(request.out, request.ranks.rank);
  return std::make_unique<RunFolder>(request.out, run, split_text);
}

// More than the store holds would throw out what is taken from it.
bool fits_in_store(std::size_t pictures, const SamSizes& sizes) {
  const std::int64_t side = embedding_side(sizes);
  const auto bytes = static_cast<std::uint64_t>(2 * side * side * sizes.prompt_embed_dim);
  return pictures * bytes <= EmbeddingStoreOptions{}.limit_bytes / 2;
}

class Training {
 public:
  Training(const TrainRequest& request, const BaseModel& base, const TrainPlugin& plugin,
           const TrainHooks& hooks)
      : request_(request),
        base_(base),
        plugin_(plugin),
        hooks_(hooks),
        threads_(request.threads > 0 ? request.threads : physical_core_count()) {}

  TrainResult run() {
    Prepared prepared = prepare(request_, threads_, hooks_);
    if (hooks_.note)
      for (const std::string& note : prepared.notes) hooks_.note(note);
    const std::vector<std::string> classes = class_names(request_, base_, prepared.pictures);
    const std::string split_text = split_csv(prepared.pictures);
    const auto folder =
        open_folder(request_, describe_run(request_, base_, threads_, prepared, split_text), split_text);
    TrainResult result;
    result.failures = prepared.failures;
    if (is_done(request_.out)) {
      result.end = TrainResult::End::done_before;
      result.card = read_card(request_.out / "card.json");
      return result;
    }
    append_views(prepared.pictures);
    PictureCache cache = filled_cache(*folder, prepared.pictures);
    const auto tuner = plugin_.make_tuner(
        base_.tensors, base_.file,
        tuner_options(request_, threads_, request_.settings.classes ? classes : std::vector<std::string>{}));
    const RunParts parts{request_, base_,  prepared.pictures, cache,  *tuner,
                         *folder,  hooks_, threads_,          classes};
    train_and_finish(parts, prepared, result);
    return result;
  }

 private:
  void append_views(std::vector<TrainPicture>& pictures) {
    if (request_.settings.views < 2) return;
    auto views =
        views_of(pictures, request_.settings.views, data_options(request_, threads_), progress_of(hooks_));
    std::ranges::move(views, std::back_inserter(pictures));
  }

  PictureCache filled_cache(const RunFolder& folder, std::vector<TrainPicture>& pictures) {
    const bool embeds = keeps_encoder(request_.settings.part);
    PictureCache cache(folder.pictures(),
                       embeds ? PictureCache::Kind::embeddings : PictureCache::Kind::pixels, base_.model);
    const EmbeddingStore store;
    const bool use_store =
        request_.store == TrainRequest::Store::use && fits_in_store(pictures.size(), base_.sizes);
    cache.fill(pictures, use_store ? &store : nullptr, progress_of(hooks_));
    // And with it the volumes that it keeps open; of the test part some are shown at the end.
    for (TrainPicture& picture : pictures)
      if (picture.part != SplitPart::test) picture.load = {};
    return cache;
  }

  void train_and_finish(const RunParts& parts, const Prepared& prepared, TrainResult& result) {
    TrainLoop loop(parts);
    const RunState state = loop.run();
    result.steps = state.step;
    result.best_step = state.best_step;
    if (state.end.empty()) {
      result.end = TrainResult::End::stopped;
      return;
    }
    if (state.end == "prompt sensitivity") result.gave_up = state.end;
    if (parts.request.ranks.rank != 0) {
      result.end = TrainResult::End::followed;
      return;
    }
    result.card = finish(parts, state, prepared.origins, prepared.notes);
    result.notes_told = prepared.notes.size();
    parts.folder.remove_pictures();
  }

  const TrainRequest& request_;
  const BaseModel& base_;
  const TrainPlugin& plugin_;
  const TrainHooks& hooks_;
  int threads_;
};

}  // namespace

BaseModel load_base_model(const std::string& name_or_path, const ModelOptions& options) {
  SamModel model = SamModel::load(name_or_path, options);
  const std::string file = find_model(name_or_path).string();
  Checkpoint checkpoint = load_checkpoint(file);
  SamSizes sizes = model.impl().sizes;
  const AnswerRules rules = model.answer_rules();
  return {std::move(model), file, std::move(checkpoint.tensors), std::move(sizes), rules};
}

TrainResult train(const TrainRequest& request, const BaseModel& base, const TrainPlugin& plugin,
                  const TrainHooks& hooks) {
  validate(request.settings);
  try {
    return Training(request, base, plugin, hooks).run();
  } catch (const StopRequested&) {  // before the first step, or after the last: what is saved stays
    TrainResult result;
    result.end = TrainResult::End::stopped;
    return result;
  }
}

}  // namespace sonde
