// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/core/data_testing.h"
#include "sonde/core/folder_testing.h"
#include "sonde/io/write.h"
#include "sonde/predict/model_testing.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// The program as its users start it, on little pictures with a network of the published frame.
class TrainCommand : public testing::Test {
 protected:
  struct Ended {
    int status = -1;  // exit status, or 128 + the signal it died of
    std::string out, error;
  };

  TrainCommand() {
    save_random_sam(tiny_sam_sizes(), 1, path("tiny.safetensors"));
    for (int i = 0; i < 6; ++i) add_picture("p" + std::to_string(i) + "x.png", i);
  }
  fs::path path(const std::string& name) const { return folder_.path() / name; }

  void add_picture(const std::string& name, int shift) const {
    const Extent2 extent{60, 40};
    RgbImage image = test_picture(extent), labels{extent, {}};
    image.pixels[static_cast<std::size_t>(shift)] = 255;
    for (int y = 0; y < 40; ++y)
      for (int x = 0; x < 60; ++x)
        labels.pixels.insert(labels.pixels.end(), 3,
                             x > 5 + shift && x < 30 && y > 8 && y < 20 ? 1
                             : y > 30                                   ? 2
                                                                        : 0);
    for (const auto& [folder, picture] : {std::pair("images", &image), std::pair("masks", &labels)}) {
      fs::create_directories(path("set") / folder);
      write_png(path("set") / folder / name, *picture);
    }
  }

  std::vector<std::string> train(const std::string& out, const std::vector<std::string>& more = {},
                                 const std::string& steps = "4") const {
    std::vector<std::string> args{
        "train",     "--data",    path("set"), "--out", path(out),       "--model", path("tiny.safetensors"),
        "--threads", "2",         "--steps",   steps,   "--check-every", "2",       "--batch",
        "2",         "--no-store"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }

  pid_t start(const std::vector<std::string>& args, const std::vector<std::string>& environment = {}) const {
    std::vector<char*> pointers{const_cast<char*>(program_path())};  // NOLINT: execv's signature
    for (const std::string& arg : args)
      pointers.push_back(const_cast<char*>(arg.c_str()));  // NOLINT: as above
    pointers.push_back(nullptr);
    const std::string out = path("out.txt"), error = path("error.txt");
    const pid_t child = ::fork();
    if (child != 0) return child;
    constexpr int kMode = 0600;
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, kMode), STDOUT_FILENO);
    ::dup2(::open(error.c_str(), O_WRONLY | O_CREAT | O_TRUNC, kMode), STDERR_FILENO);
    for (const std::string& variable : environment) ::putenv(const_cast<char*>(variable.c_str()));  // NOLINT
    ::execv(program_path(), pointers.data());
    ::_exit(127);
  }
  Ended wait(pid_t child) const {
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), content_of(path("out.txt")),
            content_of(path("error.txt"))};
  }
  Ended run(const std::vector<std::string>& args, const std::vector<std::string>& environment = {}) const {
    return wait(start(args, environment));
  }

 private:
  TestFolder folder_;
};

TEST_F(TrainCommand, TrainsAModelThatSegmentLoads) {
  const Ended ended = run(train("run"));
  EXPECT_EQ(ended.status, 0) << ended.error;
  EXPECT_THAT(ended.out, HasSubstr("quality honest"));
  EXPECT_THAT(ended.out, HasSubstr((path("run") / "model.safetensors").string()));
  EXPECT_THAT(ended.error, HasSubstr("its names tell no cases"));
  EXPECT_THAT(content_of(path("run") / "run.json"), HasSubstr("--check-every"));
  const Ended again = run(train("run", {"--json"}));
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(nlohmann::json::parse(again.out).at("tuned"), "lora");
  EXPECT_EQ(run({"segment", path("set") / "images" / "p0x.png", "--model", path("run") / "model.safetensors",
                 "--point", "20,12", "--out", path("mask.png"), "--no-store"})
                .status,
            0);
  EXPECT_EQ(run(train("run", {"--strict"})).status, 1);  // random weights keep no guard
}

TEST_F(TrainCommand, IsStoppedByCtrlCAndGoesOnToTheSameBytes) {
  ASSERT_EQ(run(train("whole/run", {}, "30")).status, 0);
  const pid_t child = start(train("stopped/run", {}, "30"));
  for (int i = 0; i < 400 && !fs::exists(path("stopped/run/state/step_2.json")); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  ::kill(child, SIGINT);
  const Ended stopped = wait(child);
  EXPECT_EQ(stopped.status, 130) << stopped.error;
  EXPECT_THAT(stopped.out, HasSubstr("the same command goes on"));
  EXPECT_EQ(run(train("stopped/run", {"--resume"}, "30")).status, 0);
  for (const char* name : {"model.safetensors", "card.json", "validation.csv"})
    EXPECT_TRUE(content_of(path("whole/run") / name) == content_of(path("stopped/run") / name)) << name;
}

TEST_F(TrainCommand, RefusesWhatDoesNotDoInOneLineThatNamesIt) {
  const auto refused = [&](const std::vector<std::string>& more,
                           const std::vector<std::string>& environment = {}) {
    const Ended ended = run(train("not_made", more), environment);
    EXPECT_EQ(ended.status, 2) << ended.error;
    EXPECT_EQ(std::count(ended.error.begin(), ended.error.end(), '\n'), 1) << ended.error;
    EXPECT_FALSE(fs::exists(path("not_made")));
    return ended.error;
  };
  EXPECT_THAT(refused({"--what", "all"}), HasSubstr("--what all: one of lora, decoder, quality"));
  EXPECT_THAT(refused({"--lr", "fast"}), HasSubstr("--lr fast"));
  EXPECT_THAT(refused({"--prompts", "points,points"}), HasSubstr("--prompts points,points"));
  EXPECT_THAT(refused({"--split", "patient"}),
              HasSubstr("--split patient: auto, image, case, case:REGEX or dataset"));
  EXPECT_THAT(refused({"--validation", "0.6", "--test", "0.5"}), HasSubstr("together less than 1"));
  EXPECT_THAT(refused({"--resume"}), HasSubstr("there is no training in"));
  EXPECT_THAT(refused({"--ranks", "2"}), HasSubstr("--meet"));
  EXPECT_THAT(refused({}, {"WORLD_SIZE=2", "RANK=2", "MASTER_ADDR=localhost"}),
              HasSubstr("--rank 2: ranks are 0 to 1"));
  EXPECT_THAT(refused({}, {"SLURM_NTASKS=four", "SLURM_PROCID=0"}), HasSubstr("SLURM_NTASKS=four"));
  EXPECT_THAT(run({"train", "--help"}).out, HasSubstr("Example: sonde train --data us_nerve"));
}

}  // namespace
}  // namespace sonde
