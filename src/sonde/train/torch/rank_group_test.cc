// SPDX-License-Identifier: Apache-2.0
// Several processes that train together: this program, started once more for each rank.
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/train/torch/tuner_testing.h"
#include "sonde/weights/checkpoint.h"

namespace sonde {
namespace {

using testing::HasSubstr;

constexpr int kSteps = 3;
constexpr double kTimeoutS = 12;

std::filesystem::path folder_of_test() {
  auto folder = std::filesystem::temp_directory_path() / ("sonde_ranks_" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}
std::string read(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Its share of a batch of four: of five ranks one has none.
std::vector<TrainingExample> share(const std::vector<TrainingExample>& batch, int rank, int ranks) {
  std::vector<TrainingExample> own;
  for (std::size_t i = 0; i < batch.size(); ++i)
    if (static_cast<int>(i) % ranks == rank) own.push_back(batch[i]);
  return own;
}

// What a rank does: trains, and writes what it has got or how it failed to FOLDER/RANK. The environment
// says which rank this is; without it there is nothing to test.
TEST(Rank, DISABLED_Trains) {
  const char* task = std::getenv("SONDE_TEST_RANK");
  ASSERT_NE(task, nullptr);
  std::istringstream words(task);
  std::string folder, meet;
  int ranks = 0, rank = 0, dies = -1;
  words >> folder >> meet >> ranks >> rank >> dies;
  const auto out = std::filesystem::path(folder) / std::to_string(rank);
  const auto mask = small_mask();
  const auto own = share(small_batch(mask), rank, ranks);
  try {
    const auto tuner =
        small_tuner(random_tensors(small_vit_sizes(), 1),
                    {.ranks = {.ranks = ranks, .rank = rank, .meet = meet, .timeout_s = kTimeoutS}});
    double loss = 0;
    for (int i = 0; i < kSteps; ++i) {
      if (i == 1 && rank == dies) {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));  // the others wait for its sums
        ::kill(::getpid(), SIGKILL);
      }
      loss = tuner->step(own, {}).loss;
    }
    save_safetensors(out, tuner->state(), {{"loss", std::to_string(loss)}});
  } catch (const Error& error) {
    std::ofstream(out) << (error.kind() == ErrorKind::unavailable ? "unavailable: " : "other: ")
                       << error.what();
  }
}

// Runs the ranks, of which `dies` is killed in its second step, and returns the seconds that they took.
double run_ranks(const std::filesystem::path& folder, const std::string& meet, int ranks, int dies) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<pid_t> children;
  for (int rank = 0; rank < ranks; ++rank) {
    std::ostringstream task;
    task << "SONDE_TEST_RANK=" << folder.string() << ' ' << meet << ' ' << ranks << ' ' << rank << ' '
         << dies;
    std::string task_text = task.str(), filter = "--gtest_filter=Rank.DISABLED_Trains",
                disabled = "--gtest_also_run_disabled_tests", program = "/proc/self/exe";
    std::vector<char*> environment{task_text.data()};
    for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
    environment.push_back(nullptr);
    std::array<char*, 4> arguments{program.data(), filter.data(), disabled.data(), nullptr};
    posix_spawn_file_actions_t quiet;
    ::posix_spawn_file_actions_init(&quiet);
    ::posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", 1, 0);
    ::posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", 1, 0);
    pid_t child = 0;
    EXPECT_EQ(::posix_spawn(&child, program.c_str(), &quiet, nullptr, arguments.data(), environment.data()),
              0);
    ::posix_spawn_file_actions_destroy(&quiet);
    children.push_back(child);
  }
  for (const pid_t child : children) ::waitpid(child, nullptr, 0);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<float> numbers_of(const NamedTensors& state) {
  std::vector<float> all;
  for (const auto& [name, tensor] : state) {
    if (tensor.type != NumberType::f32) continue;
    const auto numbers = floats_of(tensor);
    all.insert(all.end(), numbers.begin(), numbers.end());
  }
  return all;
}

// A port that nobody has now.
int free_port() { return 20000 + ::getpid() % 20000; }

TEST(Ranks, TrainAsOneProcessDoes) {
  const auto mask = small_mask();
  const auto batch = small_batch(mask);
  const auto alone = small_tuner(random_tensors(small_vit_sizes(), 1), {});
  for (int i = 0; i < kSteps; ++i) alone->step(batch, {});
  const auto expected = numbers_of(alone->state());
  for (const int ranks : {2, 5}) {
    const auto folder = folder_of_test();
    const std::string meet =
        ranks == 2 ? (folder / "meet").string() : "127.0.0.1:" + std::to_string(free_port());
    run_ranks(folder, meet, ranks, -1);
    for (int rank = 0; rank < ranks; ++rank) {
      const std::string file = read(folder / std::to_string(rank));
      ASSERT_EQ(file.find("unavailable"), std::string::npos) << file;
      EXPECT_EQ(file, read(folder / "0"));
    }
    const auto numbers = numbers_of(load_checkpoint(folder / "0").tensors);
    ASSERT_EQ(numbers.size(), expected.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_NEAR(numbers[i], expected[i], 2e-4) << i;
    std::filesystem::remove_all(folder);
  }
}

TEST(Ranks, EndWithTheNameOfTheOneThatDied) {
  struct Case {
    int ranks, dies;
    bool at_address;
  };
  for (const auto& [ranks, dies, at_address] : {Case{2, 1, false}, Case{3, 2, true}, Case{3, 0, true}}) {
    const auto folder = folder_of_test();
    const std::string meet =
        at_address ? "127.0.0.1:" + std::to_string(free_port() + 1 + dies) : (folder / "meet").string();
    EXPECT_LT(run_ranks(folder, meet, ranks, dies), 30);
    for (int rank = 0; rank < ranks; ++rank) {
      if (rank == dies) continue;
      EXPECT_EQ(read(folder / std::to_string(rank)),
                "unavailable: rank " + std::to_string(dies) + " did not answer within 12 s")
          << ranks << " ranks, " << rank;
    }
    std::filesystem::remove_all(folder);
  }
}

TEST(Ranks, RefuseWhatCannotMeet) {
  const auto fault = [](const RankOptions& options) -> std::string {
    try {
      small_tuner(random_tensors(small_vit_sizes(), 1), {.ranks = options});
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  };
  EXPECT_THAT(fault({.ranks = 2, .rank = 2, .meet = "x"}), HasSubstr("rank 2 of 2: ranks are 0 to 1"));
  EXPECT_THAT(fault({.ranks = 2, .rank = 0, .meet = ""}), HasSubstr("need a file or HOST:PORT"));
  const auto folder = folder_of_test();
  const std::string meet = (folder / "meet").string();
  EXPECT_EQ(fault({.ranks = 2, .rank = 0, .meet = meet, .timeout_s = 1}), "rank 1 did not answer within 1 s");
  EXPECT_THAT(fault({.ranks = 2, .rank = 0, .meet = meet, .timeout_s = 1}), HasSubstr("rank 0 has met here"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace sonde
