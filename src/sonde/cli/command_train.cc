// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/cli/command_line.h"
#include "sonde/cli/commands.h"
#include "sonde/cli/exit_status.h"
#include "sonde/cli/standard_streams.h"
#include "sonde/cli/stop_on_signal.h"
#include "sonde/cli/terminal.h"
#include "sonde/cli/train_options.h"
#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/evaluate/text_table.h"
#include "sonde/train/report.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

// One line that is rewritten: what is read, then step, loss, IoU and the time left.
std::function<void(const TrainProgress&)> show_progress() {
  const LineProgress line = terminal_line();
  if (!line) return {};
  return [line](const TrainProgress& p) {
    const double share = p.total > 0 ? static_cast<double>(p.done) / static_cast<double>(p.total) : 0;
    if (p.step == 0) {
      line(share,
           ' ' + std::string(p.what) + ' ' + std::to_string(p.done) + " of " + std::to_string(p.total));
      return;
    }
    std::string text = " step " + std::to_string(p.done) + " of " + std::to_string(p.total) + ", loss " +
                       fixed(p.loss, 3) + ", IoU " + fixed(p.iou, 3);
    if (p.validation_iou >= 0) text += ", validation " + fixed(p.validation_iou, 3);
    if (p.seconds_left >= 0) text += ", " + in_words(p.seconds_left) + " left";
    line(share, text);
  };
}

// Loss and the like where they are known.
void print_json_progress(const TrainProgress& p) {
  nlohmann::ordered_json line{{"what", p.what}, {"done", p.done}, {"total", p.total}};
  if (p.step > 0) {
    line["loss"] = p.loss;
    line["iou"] = p.iou;
  }
  if (p.validation_iou >= 0) line["validation_iou"] = p.validation_iou;
  if (p.step > 0 && p.seconds_left >= 0) line["seconds_left"] = p.seconds_left;
  std::cerr << json_text(line) + '\n' << std::flush;
}

std::string change_of(double before, double after) { return fixed(before, 3) + " -> " + fixed(after, 3); }

// Means over data sets, which count alike.
struct PromptMeans {
  double before = 0, after = 0, error_before = 0, error_after = 0;
  std::int64_t sets = 0, objects = 0;
};

std::string means_table(const ModelCard& card) {
  std::vector<std::pair<std::string, PromptMeans>> prompts;
  for (const CardComparison& c : card.test) {
    if (c.after.choice != "card") continue;
    auto found = std::ranges::find(prompts, c.after.prompt, [](const auto& one) { return one.first; });
    if (found == prompts.end()) found = prompts.insert(prompts.end(), {c.after.prompt, {}});
    PromptMeans& means = found->second;
    means.before += c.before.iou;
    means.after += c.after.iou;
    means.error_before += c.before.predicted_iou_error;
    means.error_after += c.after.predicted_iou_error;
    means.objects += c.after.n;
    ++means.sets;
  }
  TextTable table(1);
  table.add({"test, mean of sets", "sets", "objects", "IoU", "predicted IoU off by"});
  for (const auto& [prompt, means] : prompts) {
    const auto mean = [sets = static_cast<double>(means.sets)](double sum) { return sum / sets; };
    table.add({prompt, std::to_string(means.sets), std::to_string(means.objects),
               change_of(mean(means.before), mean(means.after)),
               change_of(mean(means.error_before), mean(means.error_after))});
  }
  return table.text(0);
}

std::string test_table(const ModelCard& card) {
  constexpr std::size_t kSetsShown = 3;
  if (card.data.size() > kSetsShown) return means_table(card);
  TextTable table(2);
  table.add({"test", "prompt", "objects", "IoU", "95 % interval", "predicted IoU off by", "p"});
  for (const CardComparison& c : card.test) {
    if (c.after.choice != "card") continue;
    table.add({c.after.dataset, c.after.prompt, std::to_string(c.after.n),
               change_of(c.before.iou, c.after.iou),
               fixed(c.after.iou_low, 3) + " - " + fixed(c.after.iou_high, 3),
               change_of(c.before.predicted_iou_error, c.after.predicted_iou_error), fixed(c.p, 3)});
  }
  return table.text(0);
}

std::string guard_table(const ModelCard& card) {
  TextTable table(1);
  table.add({"guard", "before", "after", "limit", ""});
  for (const CardGuard& guard : card.guards) {
    const int decimals = guard.limit != 0 && std::abs(guard.limit) < 1e-3 ? 8 : 3;
    table.add({guard.name, fixed(guard.before, decimals), fixed(guard.after, decimals),
               fixed(guard.limit, decimals), guard.passed ? "passed" : "FAILED"});
  }
  return table.text(0);
}

std::string rules_line(const AnswerRules& rules) {
  std::string text = "answers: ";
  constexpr auto kKinds = words(PromptKind{}).list;
  for (std::size_t i = 0; i < kKinds.size(); ++i)
    text +=
        (i == 0 ? "" : ", ") + std::string(kKinds.at(i)) + ' ' + std::string(to_string(rules.of_kind.at(i)));
  return text + '\n';
}

std::string page_of(const fs::path& run) {
  return fs::absolute(run / "report.html").lexically_normal().string();
}

void print_result(const TrainResult& result, const fs::path& out) {
  if (result.end == TrainResult::End::done_before) std::cout << "This run was done before.\n\n";
  if (!result.card.test.empty()) std::cout << test_table(result.card) << '\n';
  std::cout << guard_table(result.card) << '\n' << rules_line(result.card.choice_by_prompt);
  for (std::size_t i = result.notes_told; i < result.card.notes.size(); ++i)
    std::cout << "note: " << escaped_on_one_line(result.card.notes[i]) << '\n';
  std::cout << "measured: " << (out / "validation.csv").string() << ", " << (out / "guard.csv").string()
            << '\n'
            << "model:    " << (out / "model.safetensors").string() << '\n'
            << "report:   " << page_of(out) << '\n';
}

void print_json(const fs::path& out) {
  std::ifstream in(out / "card.json");
  std::cout << std::string{std::istreambuf_iterator<char>(in), {}};
}

int status_of(const TrainArguments& a, const TrainResult& result) {
  const auto failed = [](const CardGuard& guard) { return !guard.passed; };
  const auto insensitive = [&](const CardGuard& guard) {
    return failed(guard) && guard.name.starts_with("prompt sensitivity");
  };
  if (a.strict && std::ranges::any_of(result.card.guards, failed)) return kSomeFailed;
  if (std::ranges::any_of(result.card.guards, insensitive)) return kSomeFailed;
  return result.failures.empty() ? kDone : kSomeFailed;
}

int train_run(Arguments args) {
  TrainArguments a;
  CommandLine line("Fine-tune a model on objects whose outlines are known", "sonde train");
  declare_train(line, a);
  if (line.parse(args) == Parsed::helped) return kDone;
  resolve(a, args);
  const TrainPlugin& plugin = load_train_plugin();
  ModelOptions options = a.model.options;
  options.precision = parse_precision(a.model.precision);
  const BaseModel base = load_base_model(a.model.model, options);
  TrainHooks hooks{.progress = show_progress(), .note = {}, .stop = &stop_requested()};
  if (a.json_progress) hooks.progress = print_json_progress;
  hooks.note = [](const std::string& note) {
    clear_progress();
    complain("note: " + note);
  };
  const StopOnSignal stopping;
  const TrainResult result = train(a.request, base, plugin, hooks);
  clear_progress();
  for (const StudyFailure& f : result.failures)
    complain(f.dataset + ": " + f.image + ": " + std::string(to_string(f.kind)) + ": " + f.reason);
  if (result.end == TrainResult::End::stopped) {
    std::cout << "Stopped after step " << result.steps << "; the same command goes on from here.\n";
    constexpr int kBySignal = 128;  // as shells have it
    return kBySignal + stop_signal();
  }
  if (a.request.ranks.rank != 0) return kDone;
  a.json ? print_json(a.out) : print_result(result, a.out);
  return status_of(a, result);
}

int train_report(Arguments args) {
  std::string run;
  CommandLine line("The page of a training run, anew; of one that is going on, what is known",
                   "sonde train report");
  line.add("RUN", run, "Folder of a run").required();
  line.footer("Example: sonde train report nerve_run");
  if (line.parse(args) == Parsed::helped) return kDone;
  if (!fs::is_directory(run)) throw Error(ErrorKind::not_found, run + ": there is no such folder");
  write_training_report(run);
  std::cout << "report: " << page_of(run) << '\n';
  return kDone;
}

}  // namespace

int run_train(Arguments args) {
  const std::string_view name = args.empty() ? "" : args.front();
  if (name == "report") return train_report(args.subspan(1));
  if (!name.empty()) return train_run(args);
  std::cerr << "Usage: sonde train --data DIR|FILE|PROJECT... --out RUN [OPTIONS]\n"
               "       sonde train report RUN\n\n"
               "Fine-tunes a model on objects whose outlines are known; --help shows the options.\n"
               "Example: sonde train --data us_nerve --out nerve_run --steps 200\n";
  return kBadUsage;
}

}  // namespace sonde
