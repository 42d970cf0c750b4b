// SPDX-License-Identifier: Apache-2.0
#include <SQLiteCpp/SQLiteCpp.h>
#include <fstream>
#include <set>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/annotate/disc_project_testing.h"
#include "sonde/annotate/versions_testing.h"
#include "sonde/core/random.h"

// What is on the disk: damaged, locked, killed.
namespace sonde {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

struct Refusal {
  ErrorKind kind = ErrorKind::internal;
  std::string line;
};
Refusal refusal_to_open(const fs::path& folder) {
  try {
    const Project project = Project::open(folder);
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
  ADD_FAILURE() << "it opened";
  return {};
}

std::set<std::string> files_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

// A project that has been closed, with an object of a few changes.
struct ClosedProject {
  ClosedProject() {
    const auto test = std::make_unique<DiscProject>();
    id = new_object(test->act(stroke_at(10, 10, 4)));
    test->act(stroke_on(id, Paint::add, 18, 10, 4));
    test->act(stroke_on(id, Paint::remove, 14, 10, 2));
    voxels = test->project().voxels(id);
    test->close();
    fs::copy(test->path(), path(), fs::copy_options::recursive);
  }
  fs::path path() const { return folder.path() / "project"; }
  fs::path mask() const { return path() / "masks" / *files_in(path() / "masks").begin(); }
  fs::path database() const { return path() / "sonde.sqlite"; }

  TestFolder folder;
  ObjectId id = 0;
  RunLengthMask voxels;
};

void overwrite(const fs::path& file, std::streamoff at, const std::string& bytes) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(at);
  stream << bytes;
}

TEST(ProjectFiles, HoldOneMaskForEachObject) {
  DiscProject test;
  const ObjectId id = new_object(test.act(stroke_at(10, 10, 4)));
  test.act(stroke_on(id, Paint::add, 20, 10, 4));
  test.act(NameAction{id, "same mask"});
  EXPECT_EQ(files_in(test.path() / "masks").size(), 1U);
  test.act(DeleteAction{{id}});
  EXPECT_THAT(files_in(test.path() / "masks"), IsEmpty());
  test.act(UndoAction{});
  EXPECT_EQ(files_in(test.path() / "masks").size(), 1U);
}

TEST(ProjectFiles, MakeAMaskAgainThatIsDamagedOrGone) {
  using Damage = std::function<void(const ClosedProject&)>;
  const std::vector<Damage> damages{
      [](const ClosedProject& p) { fs::remove(p.mask()); },
      [](const ClosedProject& p) { fs::resize_file(p.mask(), fs::file_size(p.mask()) / 2); },
      [](const ClosedProject& p) { fs::resize_file(p.mask(), 0); },
      [](const ClosedProject& p) { overwrite(p.mask(), 40, "\x01"); },
      [](const ClosedProject& p) { overwrite(p.mask(), 8, "\x09"); },
  };
  for (const Damage& damage : damages) {
    const ClosedProject closed;
    const std::string sound = [&] {
      std::ifstream file(closed.mask(), std::ios::binary);
      return std::string(std::istreambuf_iterator<char>(file), {});
    }();
    const fs::path mask = closed.mask();
    damage(closed);
    const Project project = Project::open(closed.path());
    EXPECT_EQ(project.voxels(closed.id), closed.voxels);
    std::ifstream file(mask, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), sound);
  }
}

TEST(ProjectFiles, SayWhenAMaskIsLostForGood) {
  const ClosedProject closed;
  fs::remove(closed.mask());
  {
    SQLite::Database database(closed.database().string(), SQLite::OPEN_READWRITE);
    database.exec(
        "DROP TRIGGER changes_last; DELETE FROM changes WHERE event = (SELECT max(event) FROM changes)");
  }
  const Project project = Project::open(closed.path());
  try {
    project.voxels(closed.id);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt_data);
    EXPECT_THAT(error.what(), HasSubstr("sonde.sqlite: the mask of object"));
  }
}

TEST(ProjectFiles, SweepWhatNoObjectNamesAndLeaveTheRest) {
  const ClosedProject closed;
  const auto masks = closed.path() / "masks";
  const std::set<std::string> before = files_in(masks);
  for (const char* name : {"99-3.voxels", ".sonde-1-2-7-9.voxels", "notes.txt"})
    std::ofstream(masks / name) << "x";
  const Project project = Project::open(closed.path());
  std::set<std::string> after = files_in(masks);
  EXPECT_EQ(after.erase("notes.txt"), 1U);
  EXPECT_EQ(after, before);
}

TEST(ProjectFiles, AreRefusedWhileAnotherHasThemOpen) {
  DiscProject test;
  const Refusal refusal = refusal_to_open(test.path());
  EXPECT_EQ(refusal.kind, ErrorKind::usage);
  EXPECT_EQ(refusal.line, test.path().string() + ": another process has this project open");
}

TEST(ProjectFiles, AreRefusedWhereTheyAreNoProject) {
  const TestFolder folder;
  std::ofstream(folder.path() / "holiday.jpg") << "x";
  EXPECT_EQ(refusal_to_open(folder.path()).kind, ErrorKind::usage);
  EXPECT_EQ(refusal_to_open(folder.path() / "holiday.jpg").kind, ErrorKind::usage);
  EXPECT_EQ(files_in(folder.path()).size(), 1U) << "nothing is left behind";
}

TEST(ProjectFiles, AreRefusedInAFolderThatCannotBeWritten) {
  EXPECT_EQ(refusal_to_open("/proc/sonde-project").kind, ErrorKind::unavailable);
  if (::geteuid() == 0) GTEST_SKIP() << "nothing is read-only for root";
  const ClosedProject closed;
  fs::permissions(closed.path(), fs::perms::owner_read | fs::perms::owner_exec);
  fs::permissions(closed.path() / "sonde.lock", fs::perms::owner_read);
  EXPECT_EQ(refusal_to_open(closed.path()).kind, ErrorKind::unavailable);
  fs::permissions(closed.path(), fs::perms::owner_all);
}

TEST(ProjectFiles, AreRefusedWhereANewerProgramWroteThem) {
  const ClosedProject closed;
  {
    SQLite::Database database(closed.database().string(), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA user_version = 99");
  }
  const Refusal refusal = refusal_to_open(closed.path());
  EXPECT_EQ(refusal.kind, ErrorKind::unsupported);
  EXPECT_THAT(refusal.line, HasSubstr("written by a newer sonde"));
}

TEST(ProjectFiles, OfTheVersionBeforeAreBroughtToThisOne) {
  const ClosedProject closed;
  std::vector<ImageSummary> before;
  {
    const Project project = Project::open(closed.path());
    before = project.images();
  }
  make_version_1(closed.database());
  for (int time = 0; time < 2; ++time) {
    Project project = Project::open(closed.path());
    ASSERT_EQ(project.images().size(), before.size());
    EXPECT_EQ(project.images()[0].approved, before[0].approved);
    EXPECT_EQ(project.images()[0].content.sha256, time == 0 ? "" : "5a");
    project.set_content(before[0].id, {"5a", "e1"});
  }
}

TEST(ProjectFiles, AreRefusedWhereTheDatabaseIsAnotherProgramsOrDamaged) {
  const auto refused = [](const std::function<void(const ClosedProject&)>& damage) {
    const ClosedProject closed;
    damage(closed);
    const Refusal refusal = refusal_to_open(closed.path());
    EXPECT_THAT(refusal.line, HasSubstr((closed.path() / "sonde.sqlite").string() + ": ")) << refusal.line;
    EXPECT_THAT(refusal.line, testing::Not(HasSubstr("\n")));
    return refusal.kind == ErrorKind::corrupt_data;
  };
  EXPECT_TRUE(refused([](const ClosedProject& p) { overwrite(p.database(), 0, "not a database"); }));
  EXPECT_TRUE(refused([](const ClosedProject& p) { fs::resize_file(p.database(), 5000); }));
  EXPECT_TRUE(refused([](const ClosedProject& p) { overwrite(p.database(), 100, std::string(4000, 'x')); }));
  EXPECT_TRUE(refused([](const ClosedProject& p) {
    SQLite::Database database(p.database().string(), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA application_id = 1");
  }));
  EXPECT_TRUE(refused([](const ClosedProject& p) {
    SQLite::Database database(p.database().string(), SQLite::OPEN_READWRITE);
    database.exec("UPDATE images SET grid = '{\"extent\": 3'");
  }));
  EXPECT_TRUE(refused([](const ClosedProject& p) {
    SQLite::Database database(p.database().string(), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA foreign_keys = OFF; DROP TABLE changes");
  }));
}

TEST(ProjectFiles, SurviveADatabaseWithAnyBytesChanged) {
  const ClosedProject closed;
  std::ifstream file(closed.database(), std::ios::binary);
  const std::string sound(std::istreambuf_iterator<char>(file), {});
  Random random(31);
  for (int round = 0; round < 60; ++round) {
    std::string damaged = sound;
    for (int i = 0; i < 20; ++i) damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    const TestFolder folder;
    const fs::path copy = folder.path() / "project";
    fs::copy(closed.path(), copy, fs::copy_options::recursive);
    std::ofstream(copy / "sonde.sqlite", std::ios::binary) << damaged;
    try {
      Project project = Project::open(copy);
      for (const ImageSummary& image : project.images()) {
        project.objects(image.id);
        project.history(image.id, 10);
        project.apply(image.id, "", UndoAction{}, {});
      }
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::internal) << error.what();
    }
  }
}

// Nothing has changed where the disk or the database refuses, and it goes on when they do no more.
TEST(ProjectFiles, AreAsTheyWereWhereAnActionCannotBeWritten) {
  DiscProject test;
  const ObjectId id = new_object(test.act(stroke_at(10, 10, 4)));
  const RunLengthMask before = test.project().voxels(id);
  const fs::path masks = test.path() / "masks";
  const std::set<std::string> files = files_in(masks);
  const auto is_as_before = [&] { return test.project().voxels(id) == before && files_in(masks) == files; };

  fs::rename(masks, test.path() / "elsewhere");
  EXPECT_EQ(test.refused(stroke_on(id, Paint::add, 20, 10, 4)), ErrorKind::unavailable);
  fs::rename(test.path() / "elsewhere", masks);
  EXPECT_TRUE(is_as_before());
  {
    SQLite::Database other((test.path() / "sonde.sqlite").string(), SQLite::OPEN_READWRITE);
    const SQLite::Transaction writing(other, SQLite::TransactionBehavior::IMMEDIATE);
    EXPECT_EQ(test.refused(stroke_on(id, Paint::add, 20, 10, 4)), ErrorKind::unavailable);
    EXPECT_TRUE(is_as_before());
  }
  test.act(stroke_on(id, Paint::add, 20, 10, 4));
  EXPECT_NE(test.project().voxels(id), before);
  EXPECT_THAT(test.project().replay(test.segmenter).faults, IsEmpty());
}

// Applies strokes and says so on `acknowledgements` after each, until it is killed.
[[noreturn]] void annotate_until_killed(const fs::path& path, int acknowledgements) {
  Project project = Project::open(path);
  const ImageId image = project.images().at(0).id;
  const AnnotationSegmenter segmenter = disc_segmenter(kPictureGrid);
  for (;;) {
    const Revision next = project.revision() + 1;
    const std::string request = "crash-" + std::to_string(next);
    const double x = static_cast<double>(next * 7 % 40);
    const auto objects = project.objects(image);
    Action action = prompt_at(x, 15);
    if (next % 3 == 0) action = StrokeAction{{}, std::nullopt, 1, Paint::add, {2, 2}, {{x, 5}}};
    if (next % 3 == 1 && !objects.empty()) action = stroke_on(objects.back().id, Paint::remove, x, 14, 1.5);
    if (next % 11 == 0) action = UndoAction{};
    try {
      project.apply(image, request, action, segmenter);
    } catch (const Error&) {
      project.apply(image, request, prompt_at(x, 15), segmenter);
    }
    const Revision done = project.revision();
    if (::write(acknowledgements, &done, sizeof(done)) != sizeof(done)) ::_exit(1);
  }
}

TEST(ProjectFiles, LoseNothingAcknowledgedWhenTheProcessIsKilled) {
  DiscProject test;
  test.project().set_overlap(Overlap::allow);
  const fs::path path = test.path();
  test.close();
  Random random(41);
  for (int round = 0; round < 12; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      try {
        annotate_until_killed(path, ends[1]);
      } catch (...) {
        ::_exit(1);
      }
    }
    ::close(ends[1]);
    Revision acknowledged = 0;
    const std::uint64_t before_the_end = 1 + random.below(12);
    for (std::uint64_t i = 0; i < before_the_end; ++i)
      ASSERT_EQ(::read(ends[0], &acknowledged, sizeof(acknowledged)), sizeof(acknowledged));
    ::usleep(static_cast<useconds_t>(random.below(10'000)));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
    for (Revision one = 0; ::read(ends[0], &one, sizeof(one)) == sizeof(one);) acknowledged = one;
    ::close(ends[0]);

    const Project project = Project::open(path);
    EXPECT_GE(project.revision(), acknowledged);
    EXPECT_LE(project.revision(), acknowledged + 1) << "at most one was not acknowledged yet";
    EXPECT_THAT(project.replay(test.segmenter).faults, IsEmpty());
    std::size_t objects = 0;
    for (const ImageSummary& image : project.images()) objects += project.objects(image.id).size();
    EXPECT_EQ(files_in(path / "masks").size(), objects);
  }
}

}  // namespace
}  // namespace sonde
