// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/cli/command_line.h"
#include "sonde/cli/commands.h"
#include "sonde/cli/exit_status.h"
#include "sonde/cli/outputs.h"
#include "sonde/cli/segment_result.h"
#include "sonde/cli/shared_options.h"
#include "sonde/cli/standard_streams.h"
#include "sonde/cli/terminal.h"
#include "sonde/core/error.h"
#include "sonde/core/fields.h"
#include "sonde/core/json_text.h"
#include "sonde/core/stopwatch.h"
#include "sonde/core/text.h"
#include "sonde/imaging/answer_rule.h"
#include "sonde/imaging/prompt.h"
#include "sonde/io/write.h"
#include "sonde/predict/class_masks.h"
#include "sonde/predict/embedding_store.h"
#include "sonde/predict/predictor.h"
#include "sonde/predict/preprocess.h"

namespace sonde {
namespace {

// Side of the padded frame in pixels; the model is loaded later than a mask for it is made.
constexpr std::int64_t kFrameSide = 4 * kLowResSide;

using Json = nlohmann::ordered_json;

enum class Candidates { card, first, best, three, single };
constexpr auto words(Candidates) { return Words{"Candidates", "card", "first", "best", "three", "single"}; }

struct SegmentOptions {
  std::vector<std::string> images, points, background, classes;
  std::string box, mask, candidates = std::string(to_string(Candidates::card)), out, overlay;
  bool no_store = false, json = false, force = false;
  ModelArguments model;
  PictureArguments picture;
};

void declare(CommandLine& line, SegmentOptions& options) {
  line.add("images", options.images, "Pictures, volumes, DICOM files or folders").required();
  line.add("--point", options.points, "X,Y inside the object; may be given several times").one_value_a_time();
  line.add("--background", options.background, "X,Y outside the object; may be given several times")
      .one_value_a_time();
  line.add("--box", options.box, "X0,Y0,X1,Y1 around the object, maxima included");
  line.add("--mask", options.mask,
           "A mask to start from: the picture's size or the volume's grid, not 0 is inside");
  line.add(
          "--class", options.classes,
          "A class that the model has learned, by name (sonde model inspect lists them), alone or beside the "
          "others; several times: one label map with values 1, 2, ... in this order")
      .one_value_a_time();
  line.add(
          "--candidates", options.candidates,
          "card (what the model's card says of such a prompt), first of the three, best of them by predicted "
          "IoU, all three, or the single-mask answer")
      .one_of({"card", "first", "best", "three", "single"})
      .show_default();
  declare_picture(line, options.picture);
  declare_model(line, options.model);
  line.add(
      "--out", options.out,
      "Mask file (" + listed(mask_extensions()) + ") or folder; default: IMAGE_mask in the current folder");
  line.add("--overlay", options.overlay,
           "PNG to look at: the picture, the mask and the prompt (several images: a folder)");
  line.add_flag("--force", options.force, "Replace an input, and files that sonde did not write, too");
  line.add_flag("--no-store", options.no_store, "Neither read nor keep the image's embedding in the cache");
  line.add_flag("--json", options.json, "Print one JSON object");
  line.footer(
      "Coordinates are pixels of the picture as shown, x to the right, y down, from 0.\n"
      "Example: sonde segment brain.nii.gz --axis axial --slice 71 --box 25,41,150,183 --out mask.nii.gz "
      "--overlay look.png\n"
      "         sonde segment abdomen.nii.gz --model organs.safetensors --class liver --class spleen --out "
      "organs.nii.gz");
}

// The rule of what is wanted; none where all three are.
std::optional<AnswerRule> rule_of(const Predictor& predictor, const Prompt& prompt, Candidates wanted) {
  switch (wanted) {
    case Candidates::card:
      return predictor.rule_for(prompt);
    case Candidates::first:
      return AnswerRule::first;
    case Candidates::best:
      return AnswerRule::confident;
    case Candidates::single:
      return AnswerRule::single;
    case Candidates::three:
      break;
  }
  return std::nullopt;
}

// The decoder's answers that are wanted, before they are brought to the picture's extent. Candidates are
// counted from 0, the single mask has no number.
struct Answers {
  std::optional<AnswerRule> rule;
  LowResPrediction masks;
  std::vector<std::optional<std::size_t>> candidates;
};

Answers answers_of(const Predictor& predictor, const Prompt& prompt, Candidates wanted) {
  Answers answers{rule_of(predictor, prompt, wanted), {}, {0, 1, 2}};
  const MaskSet masks = answers.rule ? masks_for(*answers.rule) : MaskSet::three;
  answers.masks = std::move(predictor.decode(std::span(&prompt, 1), masks).front());
  if (!answers.rule) return answers;
  const std::size_t index = answer_index(*answers.rule, masks, answers.masks);
  std::swap(answers.masks.front(), answers.masks[index]);
  answers.masks.resize(1);
  answers.candidates = {masks == MaskSet::single ? std::nullopt : std::optional(index)};
  return answers;
}

Prompt prompt_of(const SegmentOptions& options) {
  Prompt prompt;
  const auto add = [&](std::string_view option, const std::vector<std::string>& texts, PointLabel label) {
    for (const std::string& text : texts) {
      const auto xy = parse_numbers(option, text, 2);
      prompt.points.push_back({{xy[0], xy[1]}, label});
    }
  };
  add("--point", options.points, PointLabel::foreground);
  add("--background", options.background, PointLabel::background);
  if (!options.box.empty()) {
    const auto b = parse_numbers("--box", options.box, 4);
    prompt.box = Box2{b[0], b[1], b[2], b[3]};
    // A box of one pixel's width is sound, but on a command line it is a slip.
    if (b[2] <= b[0] || b[3] <= b[1]) {
      throw Error(ErrorKind::usage, "--box " + options.box + " has no area: x0 < x1 and y0 < y1 are needed");
    }
  }
  if (prompt.points.empty() && !prompt.box && options.mask.empty() && options.classes.empty()) {
    throw Error(ErrorKind::usage,
                "say what to segment: --point X,Y, --box X0,Y0,X1,Y1, --mask FILE or --class NAME");
  }
  if (!options.classes.empty()) prompt.class_name = options.classes.front();  // the others follow it
  return prompt;
}

void check_classes(const SegmentOptions& options) {
  std::set<std::string> seen;
  for (const std::string& name : options.classes) {
    if (!seen.insert(name).second) throw Error(ErrorKind::usage, "--class " + name + " is given twice");
  }
  if (options.classes.size() > 1 && options.candidates == to_string(Candidates::three)) {
    throw Error(ErrorKind::usage,
                "--candidates three gives three masks of a class, a label map of several classes takes one");
  }
}

OverlayPrompt overlay_prompt(const Prompt& prompt) {
  OverlayPrompt drawn;
  for (const PointPrompt& point : prompt.points) {
    (point.label == PointLabel::foreground ? drawn.foreground : drawn.background).push_back(point.position);
  }
  if (prompt.box) drawn.boxes.push_back(*prompt.box);
  return drawn;
}

// Classes, in the order of their values in a label map; one has a mask of its own.
enum class Form { mask, label_map };
Form form_of(const SegmentOptions& options) {
  return options.classes.size() > 1 ? Form::label_map : Form::mask;
}

std::vector<std::string> inputs_of(const SegmentOptions& options) {
  std::vector<std::string> inputs = options.images;
  for (const std::string& input : {options.mask, options.model.model})
    if (!input.empty()) inputs.push_back(input);
  return inputs;
}

// A copy: of large pictures only where it is needed.
std::vector<Mask> masks_of(const SegmentResult& result) {
  std::vector<Mask> masks;
  for (const ScoredMask& answer : result.masks) masks.push_back(answer.mask);
  return masks;
}

// Segments one image after the other with one model, loaded when the first image has proved readable.
class Segmenter {
 public:
  explicit Segmenter(const SegmentOptions& options)
      : options_(options),
        prompt_(prompt_of(options)),
        wanted_(from_word<Candidates>(options.candidates).value()),
        guard_(inputs_of(options), options.force ? Existing::any : Existing::own_only) {
    check_classes(options);
    if (options.classes.empty()) return;
    model_ = load_model(options.model);  // before any image: one that does not know them serves for none
    for (const std::string& name : options.classes) model_->class_index(name);
  }

  SegmentResult segment(const std::string& file, const std::filesystem::path& mask_target,
                        const std::filesystem::path& overlay_target) {
    Stopwatch watch;
    SegmentResult result;
    result.picture = load_picture(file, options_.picture);
    const Prompt prompt = complete_prompt(file, result.picture);
    claim(file, mask_target, overlay_target, result);
    if (!model_) model_ = load_model(options_.model);
    result.load_ms = watch.lap_ms();
    const Embedding embedding = options_.no_store ? embed(*model_, result.picture.image)
                                                  : embed_with_store(*model_, result.picture.image, store_);
    // No longer needed, and large; assigning {} would keep the memory.
    if (overlay_target.empty()) std::vector<std::uint8_t>().swap(result.picture.image.pixels);
    result.encode_ms = watch.lap_ms();
    const Predictor predictor(*model_, embedding);
    LowResPrediction decoded = decode(predictor, prompt, result);
    result.decode_ms = watch.lap_ms();
    finish(predictor, std::move(decoded), result);
    write(prompt, result);
    result.post_ms = watch.lap_ms();
    return result;
  }

  const SamModel& model() const { return *model_; }

 private:
  Prompt complete_prompt(const std::string& file, const LoadedPicture& picture) const {
    Prompt prompt = prompt_;
    if (!options_.mask.empty()) prompt.mask = logits_from_mask(load_mask(options_.mask, picture), kFrameSide);
    try {
      validate(prompt, picture.image.extent);
    } catch (const Error& error) {
      throw Error(error.kind(), file + ": " + error.what());
    }
    return prompt;
  }

  // Masks for the prompt, or an answer for each class with it.
  LowResPrediction decode(const Predictor& predictor, Prompt prompt, SegmentResult& result) const {
    std::vector<std::optional<std::string>> classes(options_.classes.begin(), options_.classes.end());
    if (classes.empty()) classes.emplace_back();
    LowResPrediction decoded;
    for (const auto& name : classes) {
      prompt.class_name = name;
      Answers answers = answers_of(predictor, prompt, wanted_);
      result.kind = kind_of(prompt);
      result.rule = answers.rule;
      std::ranges::move(answers.masks, std::back_inserter(decoded));
      std::ranges::move(answers.candidates, std::back_inserter(result.candidates));
    }
    return decoded;
  }

  void finish(const Predictor& predictor, LowResPrediction decoded, SegmentResult& result) const {
    result.classes = options_.classes;
    if (form_of(options_) == Form::label_map) {
      result.masks = without_overlap(predictor, std::move(decoded));
      return;
    }
    std::vector<LowResPrediction> one;
    one.push_back(std::move(decoded));
    result.masks = std::move(predictor.upscale(std::move(one)).front());
    if (!result.classes.empty()) result.classes.resize(result.masks.size(), result.classes.front());
    for (ScoredMask& answer : result.masks) {
      if (!is_present(answer)) answer.mask = empty_mask(answer.mask.extent);
    }
  }

  void claim(const std::string& file, std::filesystem::path target, const std::filesystem::path& overlay,
             SegmentResult& result) {
    // Planned names carry no extension where the format follows the input.
    if (options_.out != target.string()) target += default_mask_extension(file, result.picture.volume);
    const std::size_t count = wanted_ == Candidates::three ? 3 : 1;
    for (std::size_t i = 0; i < count; ++i) {
      result.files.push_back((count == 1 ? target : numbered(target, i + 1)).string());
      guard_.claim(result.files.back());
    }
    if (overlay.empty()) return;
    guard_.claim(overlay);
    result.overlay = overlay.string();
  }

  void write(const Prompt& prompt, const SegmentResult& result) {
    if (form_of(options_) == Form::label_map) {
      write_label_map(result.files.front(), masks_of(result), result.picture);
    } else {
      for (std::size_t i = 0; i < result.masks.size(); ++i)
        write_mask(result.files[i], result.masks[i].mask, result.picture);
    }
    for (const std::string& file : result.files) guard_.written(file);
    if (result.overlay.empty()) return;
    OverlayPrompt drawn = overlay_prompt(prompt);
    drawn.names = result.classes;
    create_parent(result.overlay);
    write_png(result.overlay, draw_overlay(result.picture.image, masks_of(result), drawn));
    guard_.written(result.overlay);
  }

  const SegmentOptions& options_;
  Prompt prompt_;
  Candidates wanted_;
  OutputGuard guard_;
  EmbeddingStore store_;
  std::optional<SamModel> model_;
};

struct Batch {
  Json done = Json::array(), failed = Json::array();
  ErrorKind last_kind = ErrorKind::internal;
};

Batch segment_all(const SegmentOptions& options, const OutputPlan& plan) {
  Segmenter segmenter(options);
  Batch batch;
  const Progress progress = options.images.size() > 1 ? terminal_progress() : Progress{};
  for (std::size_t i = 0; i < options.images.size(); ++i) {
    const std::string& file = options.images[i];
    if (progress)
      progress({"segment", static_cast<std::int64_t>(i), static_cast<std::int64_t>(options.images.size())});
    try {
      const SegmentResult result =
          segmenter.segment(file, plan.masks[i], plan.overlays.empty() ? "" : plan.overlays[i]);
      if (progress) clear_progress();
      complain_of_absent(file, result);
      if (!options.json) print(file, result);
      batch.done.push_back(to_json(file, result, segmenter.model()));
    } catch (const Error& error) {
      if (progress) clear_progress();
      complain(error.what());
      batch.failed.push_back({{"file", file}, {"reason", error.what()}});
      batch.last_kind = error.kind();
    }
  }
  return batch;
}

}  // namespace

int run_segment(Arguments args) {
  SegmentOptions options;
  CommandLine line("Cut an object out of each image", "sonde segment");
  declare(line, options);
  if (line.parse(args) == Parsed::helped) return kDone;
  const OutputPlan plan = plan_outputs(options.images, {options.out, options.overlay});
  const Batch batch = segment_all(options, plan);
  if (options.json && options.images.size() == 1 && !batch.done.empty())
    std::cout << json_text(batch.done.front()) << '\n';
  if (options.json && options.images.size() > 1) {
    std::cout << json_text(Json{{"images", batch.done}, {"failed", batch.failed}}) << '\n';
  }
  if (batch.failed.empty()) return kDone;
  return batch.done.empty() ? exit_status(batch.last_kind) : kSomeFailed;
}

}  // namespace sonde
