// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/bytes.h"
#include "sonde/core/data_testing.h"
#include "sonde/core/folder_testing.h"
#include "sonde/evaluate/results.h"
#include "sonde/io/write.h"
#include "sonde/predict/model_testing.h"
#include "sonde/weights/model_card.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Ended {
  int status = -1;  // exit status, or 128 + the signal it died of
  std::string out, error;
};

// The program as its users start it, on a small set with a small network.
class StudyCommand : public testing::Test {
 protected:
  StudyCommand() {
    save_random_sam(tiny_sam_sizes(), 1, path("tiny.safetensors"));
    fs::create_directories(set() / "images");
    fs::create_directories(set() / "masks");
    for (int i = 0; i < 6; ++i) add_picture("p" + std::to_string(i) + ".png", i);
  }

  fs::path path(const std::string& name) const { return folder_.path() / name; }
  fs::path set() const { return path("set"); }

  // Two boxes, one of them in two parts.
  void add_picture(const std::string& name, int shift) const {
    const Extent2 extent{60, 40};
    write_png(set() / "images" / name, test_picture(extent));
    std::vector<std::uint8_t> labels(60 * 40 * 3, 0);
    for (int y = 5; y < 30; ++y) {
      for (int x = 0; x < 60; ++x) {
        const bool one = x >= 4 + shift && x < 20 + shift && y < 25;
        const bool two = x >= 35 && x < 50 + shift && (y < 12 || y > 17 + shift);
        for (int c = 0; c < 3; ++c)
          labels[static_cast<std::size_t>(3 * (y * 60 + x) + c)] = one ? 1 : two ? 2 : 0;
      }
    }
    write_png(set() / "masks" / name, {extent, labels});
  }

  std::vector<std::string> study(const std::string& out, std::vector<std::string> more = {}) const {
    std::vector<std::string> args{"study",      "run",      "--data",  set(),
                                  "--out",      path(out),  "--model", path("tiny.safetensors"),
                                  "--no-store", "--clicks", "3",       "--threads",
                                  "2"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }

  enum class Disk { roomy, full };
  pid_t start(const std::vector<std::string>& args, Disk disk = Disk::roomy) const {
    std::vector<char*> pointers{const_cast<char*>(program_path())};  // NOLINT: execv's signature
    for (const std::string& arg : args)
      pointers.push_back(const_cast<char*>(arg.c_str()));  // NOLINT: as above
    pointers.push_back(nullptr);
    const std::string out = path("out.txt");
    const std::string error = path("error.txt");
    const pid_t child = ::fork();
    if (child != 0) return child;
    const int kMode = 0600;
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, kMode), STDOUT_FILENO);
    ::dup2(::open(error.c_str(), O_WRONLY | O_CREAT | O_TRUNC, kMode), STDERR_FILENO);
    const rlim_t kFull = 20000;  // bytes a file
    const rlimit limit{kFull, kFull};
    if (disk == Disk::full) ::setrlimit(RLIMIT_FSIZE, &limit);
    ::execv(program_path(), pointers.data());
    ::_exit(127);
  }
  Ended wait(pid_t child) const {
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), content_of(path("out.txt")),
            content_of(path("error.txt"))};
  }
  Ended run(const std::vector<std::string>& args) const { return wait(start(args)); }

  std::string files_of(const std::string& out) const {
    std::string all;
    for (const char* name :
         {"results.csv", "failures.csv", "summary.json", "report.html", "study.json", "journal"}) {
      EXPECT_TRUE(fs::exists(path(out) / name)) << name;
      all += content_of(path(out) / name);
    }
    return all;
  }

 private:
  TestFolder folder_;
};

TEST_F(StudyCommand, WritesItsFilesAndEndsInATableAndThePathOfTheReport) {
  const Ended ended = run(study("a"));
  EXPECT_EQ(ended.status, 0) << ended.error;
  EXPECT_THAT(ended.out, HasSubstr("12/12"));
  EXPECT_THAT(ended.out, HasSubstr((path("a") / "report.html").string()));
  EXPECT_EQ(ended.error, "");
  EXPECT_EQ(read_results_csv(path("a") / "results.csv").size(), 12U * (5 + 3) * 4);
}

TEST_F(StudyCommand, KilledTenTimesEndsInTheSameBytes) {
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(run(study("unbroken")).status, 0);
  const auto whole = std::chrono::steady_clock::now() - begin;
  int killed = 0;
  for (int i = 0; i < 10; ++i) {
    const pid_t child = start(study("killed"));
    std::this_thread::sleep_for(whole * (2 * i + 1) / 20);
    ::kill(child, SIGKILL);
    killed += wait(child).status == 128 + SIGKILL ? 1 : 0;
  }
  EXPECT_GE(killed, 3) << "the rest had ended by themselves";
  EXPECT_EQ(run(study("killed")).status, 0);
  EXPECT_EQ(files_of("killed"), files_of("unbroken"));
  for (const auto& entry : fs::directory_iterator(path("killed"))) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".sonde-")) << entry.path();
  }
}

TEST_F(StudyCommand, GoesOnInAFolderWhoseRunWasKilledAtItsVeryBeginning) {
  fs::create_directories(path("a"));
  std::ofstream(path("a") / "journal").flush();
  std::ofstream(path("a") / ".sonde-1-0-study.json") << "{";
  EXPECT_EQ(run(study("a")).status, 0);
  EXPECT_FALSE(fs::exists(path("a") / ".sonde-1-0-study.json"));
  ASSERT_EQ(run(study("unbroken")).status, 0);
  EXPECT_EQ(files_of("a"), files_of("unbroken"));
}

TEST_F(StudyCommand, InterruptedLeavesAValidFolderAndGoesOn) {
  const pid_t child = start(study("a"));
  while (!fs::exists(path("a") / "journal") || fs::file_size(path("a") / "journal") == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ::kill(child, SIGINT);
  const Ended ended = wait(child);
  EXPECT_EQ(ended.status, 128 + SIGINT) << ended.error;
  EXPECT_THAT(ended.out, HasSubstr("goes on from here"));
  EXPECT_LT(read_results_csv(path("a") / "results.csv").size(), 12U * 32);
  EXPECT_THAT(content_of(path("a") / "summary.json"), HasSubstr("\"complete\": false"));
  EXPECT_TRUE(fs::exists(path("a") / "report.html"));
  ASSERT_EQ(run(study("a")).status, 0);
  ASSERT_EQ(run(study("unbroken")).status, 0);
  EXPECT_EQ(files_of("a"), files_of("unbroken"));
}

TEST_F(StudyCommand, TellsOfAFullDiskKeepsWhatIsThereAndGoesOnWhenThereIsRoom) {
  const Ended full = wait(start(study("a"), Disk::full));
  EXPECT_EQ(full.status, 3);
  EXPECT_THAT(full.error,
              HasSubstr((path("a") / "journal").string() + ": cannot be written: File too large"));
  EXPECT_EQ(std::count(full.error.begin(), full.error.end(), '\n'), 1) << full.error;
  EXPECT_GT(fs::file_size(path("a") / "journal"), 0U);
  ASSERT_EQ(run(study("a")).status, 0);
  ASSERT_EQ(run(study("unbroken")).status, 0);
  EXPECT_EQ(files_of("a"), files_of("unbroken"));
}

TEST_F(StudyCommand, NamesEveryFileThatFailsScoresTheRestAndEndsWithOne) {
  std::ofstream(set() / "labels.json") << R"({"mask_kind": "semantic", "labels": {"1": "one", "2": "two"}})";
  const std::string whole = content_of(set() / "images" / "p0.png");
  std::ofstream(set() / "images" / "p0.png", std::ios::binary) << whole.substr(0, whole.size() / 2);
  write_png(set() / "masks" / "p1.png", {{8, 8}, std::vector<std::uint8_t>(3 * 64, 1)});
  fs::remove(set() / "masks" / "p2.png");
  std::vector<std::uint8_t> unnamed(60 * 40 * 3, 0);
  std::fill_n(unnamed.begin(), 3 * 600, 1);
  std::fill_n(unnamed.begin() + 3 * 1200, 3 * 300, 9);
  write_png(set() / "masks" / "p3.png", {{60, 40}, unnamed});
  std::ofstream(set() / "masks" / "p4.png").flush();
  const Ended ended = run(study("a"));
  EXPECT_EQ(ended.status, 1);
  const auto failures = read_failures_csv(path("a") / "failures.csv");
  std::vector<std::pair<std::string, FailureKind>> named;
  for (const StudyFailure& f : failures) {
    named.emplace_back(f.image, f.kind);
    EXPECT_THAT(ended.error, HasSubstr(f.reason));
  }
  EXPECT_THAT(named, testing::UnorderedElementsAre(std::pair{"p0.png", FailureKind::unreadable_image},
                                                   std::pair{"p1.png", FailureKind::size_mismatch},
                                                   std::pair{"p2.png", FailureKind::missing_mask},
                                                   std::pair{"p3.png", FailureKind::unnamed_label},
                                                   std::pair{"p4.png", FailureKind::unreadable_mask}));
  EXPECT_EQ(read_results_csv(path("a") / "results.csv").size(), 3U * 32) << "p5's two labels and p3's first";
}

TEST_F(StudyCommand, RefusesAFolderOfAnotherStudyAndOneThatHoldsOtherThings) {
  ASSERT_EQ(run(study("a")).status, 0);
  const Ended other = run(study("a", {"--seed", "7"}));
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.error, HasSubstr("--seed was 1, is now 7"));
  const Ended things = run(study("set"));
  EXPECT_EQ(things.status, 2);
  EXPECT_THAT(things.error, HasSubstr("holds no study"));
}

TEST_F(StudyCommand, TakesTheCardsChoiceAndGoesOnOnlyWithTheSameCard) {
  ModelCard card{.name = "tiny"};
  card.weights_sha256 = {sha256_hex(MappedFile(path("tiny.safetensors")).bytes())};
  card.choice_by_prompt[PromptKind::point] = AnswerRule::third;
  write_card(path("tiny.card.json"), card);
  const std::vector<std::string> options{"--choose", "card,single", "--modes", "1,3", "--limit", "2"};
  ASSERT_EQ(run(study("a", options)).status, 0);
  std::set<std::optional<int>> points, boxes;
  for (const ResultRow& row : read_results_csv(path("a") / "results.csv")) {
    if (row.choice != Choice::card) continue;
    if (row.protocol == "mode1") points.insert(row.candidate);
    if (row.protocol == "mode3") boxes.insert(row.candidate);
  }
  EXPECT_THAT(points, testing::ElementsAre(2));
  EXPECT_THAT(boxes, testing::ElementsAre(std::nullopt));
  EXPECT_THAT(content_of(path("a") / "report.html"), HasSubstr("point third, clicks first"));
  card.choice_by_prompt[PromptKind::point] = AnswerRule::second;
  write_card(path("tiny.card.json"), card);
  const Ended other = run(study("a", options));
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.error, HasSubstr("the card's choices was point third"));
}

TEST_F(StudyCommand, ComparesTwoStudiesAndMakesAReportAnew) {
  ASSERT_EQ(run(study("a")).status, 0);
  ASSERT_EQ(run(study("b", {"--jitter", "4", "--slack", "0.2"})).status, 0);
  const Ended compared = run({"study", "compare", path("a"), path("b")});
  EXPECT_EQ(compared.status, 0) << compared.error;
  EXPECT_THAT(compared.out, HasSubstr("Holm"));
  EXPECT_EQ(run({"study", "compare", path("a"), path("nowhere")}).status, 2);
  const std::string report = content_of(path("a") / "report.html");
  fs::remove(path("a") / "report.html");
  EXPECT_EQ(run({"study", "report", path("a")}).status, 0);
  EXPECT_EQ(content_of(path("a") / "report.html"), report);
}

TEST_F(StudyCommand, RefusesBadUsageBeforeAnythingIsWritten) {
  for (const auto& [option, value] : std::vector<std::pair<std::string, std::string>>{{"--modes", "1,6"},
                                                                                      {"--clicks", "-1"},
                                                                                      {"--choose", "best"},
                                                                                      {"--feedback", "masks"},
                                                                                      {"--ties", "last"},
                                                                                      {"--sign", "x"},
                                                                                      {"--jitter", "-1"},
                                                                                      {"--slack", "nan"},
                                                                                      {"--tolerance", "-2"},
                                                                                      {"--min-area", "0"},
                                                                                      {"--axis", "oblique"},
                                                                                      {"--window", "wide"},
                                                                                      {"--limit", "0"}}) {
    const Ended ended = run(study("a", {option, value}));
    EXPECT_EQ(ended.status, 2) << option;
    EXPECT_NE(ended.error, "");
    EXPECT_FALSE(fs::exists(path("a"))) << option;
  }
  EXPECT_EQ(run({"study", "run", "--data", path("nowhere"), "--out", path("a")}).status, 2);
  EXPECT_EQ(run({"study"}).status, 2);
  EXPECT_EQ(run({"study", "walk"}).status, 2);
  EXPECT_EQ(run({"study", "--help"}).status, 0);
}

}  // namespace
}  // namespace sonde
