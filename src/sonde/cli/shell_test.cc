// SPDX-License-Identifier: Apache-2.0
// The program as a shell starts it: standard streams, signals, names.
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/core/data_testing.h"
#include "sonde/core/folder_testing.h"
#include "sonde/io/read.h"
#include "sonde/io/write.h"
#include "sonde/predict/model_testing.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class Shell : public testing::Test {
 protected:
  Shell() {
    save_random_sam(tiny_sam_sizes(), 1, path("tiny.safetensors"));
    write_png(path("disc.png"), test_picture({60, 40}));
    fs::create_directories(path("set/images"));
    fs::create_directories(path("set/masks"));
    write_png(path("set/images/a.png"), test_picture({60, 40}));
    Mask mask = empty_mask({60, 40});
    for (std::size_t i = 300; i < 1200; ++i) mask.pixels[i] = 1;
    write_mask_png(path("set/masks/a.png"), mask);
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  struct Ended {
    int status = -1;
    std::string text;  // what the command left on both outputs
  };
  // In the folder; $S is the program, $M the options of a small network. Ends after a minute at the latest.
  Ended shell(const std::string& command) const {
    const std::string whole =
        "cd '" + path("") + "' && S='" + program_path() +
        "' M='--model tiny.safetensors --threads 1' SONDE_CACHE=cache timeout 60 bash -c '" + command +
        "' 2>&1";
    std::FILE* pipe = ::popen(whole.c_str(), "r");
    Ended ended;
    std::array<char, 4096> bytes{};
    for (std::size_t count = 0; (count = std::fread(bytes.data(), 1, bytes.size(), pipe)) > 0;)
      ended.text.append(bytes.data(), count);
    ended.status = WEXITSTATUS(::pclose(pipe));
    return ended;
  }

  // It ends when it is told to.
  pid_t start_annotate(const std::string& project) const {
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (::chdir(path("").c_str()) != 0 || std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(127);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);
    ::execl(program_path(), "sonde", "annotate", "set/images", "--project", project.c_str(), "--model",
            "tiny.safetensors", "--threads", "1", "--no-store", nullptr);
    ::_exit(127);
  }
  // Of the masks of /proc: signals 1 and 2 are caught.
  static bool takes_signals(pid_t process) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("SigCgt:")) return std::string("37bf").find(line.back()) != std::string::npos;
    }
    return false;
  }

 private:
  TestFolder folder_;
};

const std::vector<std::string> kTelling{"--help",
                                        "--version",
                                        "info disc.png",
                                        "info --json disc.png",
                                        "segment --help",
                                        "segment disc.png --point 30,20 --out m.png $M",
                                        "segment disc.png --point 30,20 --out m.png $M --json",
                                        "everything disc.png --points-per-side 1 --out all $M",
                                        "model list",
                                        "model list --json",
                                        "model inspect tiny.safetensors",
                                        "study --help",
                                        "study run --data set --out study --modes 1 --clicks 1 $M",
                                        "study report study",
                                        "annotate set/images --project p $M"};

TEST_F(Shell, EveryCommandEndsWithAWordWhereItsOutputIsFull) {
  for (const std::string& command : kTelling) {
    const Ended ended = shell("$S " + command + " > /dev/full");
    EXPECT_EQ(ended.status, 3) << command;
    EXPECT_THAT(ended.text, EndsWith("sonde: standard output: No space left on device\n")) << command;
  }
  EXPECT_EQ(shell("$S export p --format png --out e --json > /dev/full").status, 3);
}

TEST_F(Shell, AClosedOutputAndAReaderThatIsGoneAreToldOf) {
  EXPECT_EQ(shell("$S info disc.png >&-").text, "sonde: standard output: Bad file descriptor\n");
  const Ended gone = shell("exec 3> >(exec true); wait $!; $S --help >&3");
  EXPECT_EQ(gone.status, 3);
  EXPECT_EQ(gone.text, "sonde: standard output: Broken pipe\n");
}

TEST_F(Shell, ClosedStreamsDoNoHarm) {
  EXPECT_EQ(shell("$S segment disc.png --point 30,20 --out m.png $M <&- >&- 2>&-").status, 3);
  EXPECT_EQ(read_volume(path("m.png")).geometry.extent, (Extent3{60, 40, 1}));
  EXPECT_EQ(shell("$S segment disc.png --point 30,20 --out n.png $M <&- 2>&-").status, 0);
  EXPECT_EQ(shell("cmp m.png n.png").status, 0);
  EXPECT_EQ(shell("$S info none.png 2>&-").status, 2);
}

TEST_F(Shell, ShowsWhatATerminalWouldObeyInNames) {
  write_png(path("a\x1b[31m\xe4\u202e.png"), test_picture({6, 4}));
  const Ended info = shell("$S info a*.png");
  EXPECT_THAT(info.text, HasSubstr("a\\u001b[31m\\xe4\\u202e.png"));
  EXPECT_EQ(info.text.find('\x1b'), std::string::npos);
  EXPECT_EQ(info.text.find("\u202e"), std::string::npos);
  const Ended json = shell("$S info --json a*.png");
  EXPECT_THAT(nlohmann::json::parse(json.text)["path"], EndsWith("a\x1b[31m\ufffd\u202e.png"));
  const Ended refused = shell("$S info \"$(printf \"none\\nsonde: all is well\\033[2J\")\"");
  EXPECT_EQ(refused.text, "sonde: none\\u000asonde: all is well\\u001b[2J: no such file or folder\n");
}

TEST_F(Shell, TakesTheHomeOfThePasswordDatabase) {
  const Ended ended = shell("env -u HOME -u SONDE_MODELS -u XDG_DATA_HOME $S model list");
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.text, Not(HasSubstr("no models folder")));
}

TEST_F(Shell, WhatIsNoFileIsRefusedInOneLineByEveryCommand) {
  fs::create_symlink("self.png", path("self.png"));
  fs::create_symlink("pong", path("ping"));
  fs::create_symlink("ping", path("pong"));
  ASSERT_EQ(::mkfifo(path("pipe.png").c_str(), 0600), 0);
  fs::create_directories(path("outer/inner"));
  std::ofstream(path("plain")) << "text";
  for (const std::string what : {"self.png", "ping", "pipe.png", "/dev/zero", "plain/in.png", "disc.png/",
                                 "\"\"", "outer", "none.png"}) {
    for (const std::string& command :
         {"info " + what, "segment " + what + " --point 1,1 $M", "segment disc.png --mask " + what + " $M",
          "segment disc.png --point 1,1 --model " + what, "everything " + what + " $M",
          "model inspect " + what, "study run --data " + what + " --out none/s $M", "study report " + what,
          "study compare " + what + " " + what, "annotate " + what + " --project none/p $M",
          "annotate set/images --import " + what + " --project none/p $M",
          "export " + what + " --format png --out none/e", "model import-onnx " + what + " " + what}) {
      const bool is_served =
          command.starts_with("annotate disc.png/") || command.find("--import \"\"") != std::string::npos;
      if (is_served || command == "info outer" || command.find("--mask \"\"") != std::string::npos) continue;
      const Ended ended = shell("$S " + command);
      EXPECT_THAT(ended.status, AnyOf(2, 3)) << command << "\n" << ended.text;
      EXPECT_THAT(ended.text, Not(HasSubstr("unexpected"))) << command;
      EXPECT_THAT(ended.text, Not(HasSubstr("filesystem error"))) << command;
      EXPECT_THAT(ended.text, testing::StartsWith("sonde: ")) << command;
    }
  }
}

TEST_F(Shell, PlacesThatTakeNoOutputAreToldOfInOneLine) {
  fs::create_symlink("self.png", path("self.png"));
  fs::create_symlink("loop", path("loop"));
  ASSERT_EQ(::mkfifo(path("pipe.png").c_str(), 0600), 0);
  fs::create_directories(path("folder.png"));
  std::ofstream(path("plain")) << "text";
  for (const std::string out :
       {"self.png", "loop", "loop/m.png", "pipe.png", "plain/m.png", "plain", "/proc/m.png"}) {
    for (const std::string& command : {"segment disc.png --point 1,1 --out " + out + " $M",
                                       "segment disc.png --point 1,1 --overlay " + out + " $M",
                                       "everything disc.png --points-per-side 1 --out " + out + " $M",
                                       "study run --data set --out " + out + " --modes 1 --clicks 1 $M",
                                       "annotate set/images --project " + out + " $M"}) {
      const Ended ended = shell("$S " + command);
      EXPECT_THAT(ended.status, AnyOf(2, 3)) << command << "\n" << ended.text;
      EXPECT_THAT(ended.text, Not(HasSubstr("unexpected"))) << command;
      EXPECT_THAT(ended.text, testing::StartsWith("sonde: ")) << command;
    }
  }
}

// From the moment that the program takes signals; before that it is the system's loader that ends.
TEST_F(Shell, AnnotateEndsCleanlyBySignalsAtAnyMoment) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    for (const int wait_ms : {0, 10, 40, 100, 300}) {
      const pid_t child = start_annotate("p" + std::to_string(number));
      while (!takes_signals(child)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
      ::kill(child, number);
      int status = 0;
      ::waitpid(child, &status, 0);
      EXPECT_TRUE(WIFEXITED(status)) << "killed by " << WTERMSIG(status) << " after " << wait_ms << " ms";
      EXPECT_THAT(WEXITSTATUS(status), AnyOf(0, 128 + number)) << wait_ms << " ms";
    }
  }
  const Ended again = shell("ls -A p*");
  EXPECT_THAT(again.text, Not(HasSubstr(".sonde-")));
}

}  // namespace
}  // namespace sonde
