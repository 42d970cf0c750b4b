// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>
#include <malloc.h>
#include <pthread.h>
#include <string>
#include <string_view>
#include <sys/resource.h>

#include "sonde/cli/commands.h"
#include "sonde/cli/exit_status.h"
#include "sonde/cli/standard_streams.h"
#include "sonde/core/cause.h"
#include "sonde/core/error.h"
#include "sonde/core/leftovers.h"

namespace {

struct Command {
  std::string_view name, summary;
  int (*run)(sonde::Arguments);
};

constexpr std::array<Command, 9> kCommands{{
    {"segment", "Cut an object out of an image from points, a box or a mask", sonde::run_segment},
    {"everything", "Propose masks of everything in an image from a grid of points", sonde::run_everything},
    {"annotate", "Annotate images in the browser", sonde::run_annotate},
    {"export", "Write the masks of an annotation project: PNG, NIfTI, NRRD, COCO, DICOM SEG",
     sonde::run_export},
    {"study", "How well a model does on data whose outlines are known: scores, statistics, a report",
     sonde::run_study},
    {"train", "Fine-tune a model on your own objects, and measure what became of it", sonde::run_train},
    {"info", "What a file or folder holds, and what would be refused and why", sonde::run_info},
    {"model", "Weights: list, fetch, inspect, import", sonde::run_model},
    {"bench", "How fast the network runs on this machine", sonde::run_bench},
}};

void print_help(std::ostream& out) {
  out << "sonde " SONDE_VERSION
         ": Segment Anything for medical images\n\nUsage: sonde COMMAND [OPTIONS]\n\nCommands:\n";
  for (const Command& command : kCommands) {
    out << "  " << command.name << std::string(12 - command.name.size(), ' ') << command.summary << '\n';
  }
  out << "\nsonde COMMAND --help shows its options and an example.\n"
         "Example: sonde segment brain.nii.gz --box 25,41,150,183 --out mask.nii.gz --overlay look.png\n"
         "Exit status: 0 done; 1 some inputs failed; 2 bad usage; 3 nothing could be done; 130 Ctrl-C.\n";
}

// "segment, everything, ... or bench"
std::string names() {
  std::string text;
  for (const Command& command : kCommands) {
    if (!text.empty()) text += &command == &kCommands.back() ? " or " : ", ";
    text += command.name;
  }
  return text;
}

int run(sonde::Arguments args) {
  if (args.empty()) {
    print_help(std::cerr);
    return sonde::kBadUsage;
  }
  const std::string_view name = args.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_help(std::cout);
    return sonde::kDone;
  }
  if (name == "--version") {
    std::cout << "sonde " SONDE_VERSION "\n";
    return sonde::kDone;
  }
  for (const Command& command : kCommands) {
    if (name == command.name) return command.run(args.subspan(1));
  }
  throw sonde::Error(sonde::ErrorKind::usage,
                     "there is no command \"" + std::string(name) + "\": " + names());
}

// The network asks for the same large blocks again and again: keeping them spares the kernel zeroing their
// pages each time.
void keep_freed_memory() {
  constexpr int kKeep = 1 << 30;  // bytes
  mallopt(M_MMAP_THRESHOLD, kKeep);
  mallopt(M_TRIM_THRESHOLD, kKeep);
  // Each thread's own arena would reserve 64 MB and keep what the thread has freed from the others.
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) mallopt(M_ARENA_MAX, 1);
}

// A server has some forty threads, and a stack of 8 MB each is too much where the address space is limited.
void shrink_stacks() {
  constexpr std::size_t kStack = std::size_t{2} << 20;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  if (pthread_attr_setstacksize(&attributes, kStack) == 0) pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

}  // namespace

int main(int argc, char** argv) {
  sonde::begin_standard_streams();
  sonde::end_on_signals();
  keep_freed_memory();
  shrink_stacks();
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is an error of writing, not a death
  try {
    const int status = run({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)});
    sonde::flush_standard_output();
    return status;
  } catch (const sonde::Error& error) {
    sonde::complain(error.what());
    return sonde::exit_status(error.kind());
  } catch (const std::filesystem::filesystem_error& error) {
    sonde::complain(sonde::cause_of(error));
  } catch (const std::bad_alloc&) {
    sonde::complain_of_memory();
  } catch (const std::exception& error) {
    sonde::complain("unexpected: " + std::string(error.what()));
  }
  return sonde::kNothingDone;
}
