// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/durable_file.h"

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"

namespace sonde {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

std::string refusal(const fs::path& target) {
  try {
    write_durably(target, "text");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unavailable) << error.what();
    return error.what();
  }
  ADD_FAILURE() << target << " was written";
  return "";
}

TEST(DurableFile, WritesThroughLinksAndLeavesThem) {
  const TestFolder folder;
  fs::create_directory(folder.path() / "far");
  std::ofstream(folder.path() / "far" / "file") << "old";
  fs::create_symlink("far/file", folder.path() / "near");
  fs::create_symlink("near", folder.path() / "link");
  write_durably(folder.path() / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
  EXPECT_TRUE(fs::is_symlink(folder.path() / "near"));
  EXPECT_EQ(content_of(folder.path() / "far" / "file"), "new");
  fs::create_symlink("far/to come", folder.path() / "early");
  write_durably(folder.path() / "early", "made");
  EXPECT_EQ(content_of(folder.path() / "far" / "to come"), "made");
  EXPECT_EQ(entries(folder.path() / "far"), 2U) << "a temporary file is left";
}

TEST(DurableFile, ReplacesALinkWhereOnlyTheOwnerMayRead) {
  const TestFolder folder;
  std::ofstream(folder.path() / "theirs") << "old";
  fs::create_symlink("theirs", folder.path() / "secret");
  DurableFile file(folder.path() / "secret", DurableFile::Readers::owner);
  file.write(std::as_bytes(std::span<const char>("new", 3)));
  file.commit();
  EXPECT_FALSE(fs::is_symlink(folder.path() / "secret"));
  EXPECT_EQ(content_of(folder.path() / "theirs"), "old");
}

TEST(DurableFile, TakesNamesOfTheGreatestLength) {
  const TestFolder folder;
  std::string name;
  while (name.size() + 2 <= NAME_MAX - 4) name += "\u00e4";
  name += ".png";
  write_durably(folder.path() / name, "text");
  EXPECT_EQ(content_of(folder.path() / name), "text");
  EXPECT_THAT(refusal(folder.path() / (std::string(NAME_MAX, 'a') + ".png")), HasSubstr("name too long"));
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(DurableFile, RefusesWhatIsNoPlaceForAFileInOneLine) {
  const TestFolder folder;
  fs::create_directory(folder.path() / "folder");
  fs::create_symlink("self", folder.path() / "self");
  ASSERT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal(folder.path() / "folder"), HasSubstr("folder: cannot be written: Is a directory"));
  EXPECT_THAT(refusal(folder.path() / "self"), HasSubstr("self: cannot be written: Too many levels"));
  EXPECT_THAT(refusal(folder.path() / "pipe"), HasSubstr("pipe: is not a regular file"));
  EXPECT_THAT(refusal(folder.path() / "none" / "file"), HasSubstr("No such file or directory"));
  EXPECT_THAT(refusal(folder.path() / "folder" / ""), HasSubstr("Is a directory"));
  EXPECT_THAT(refusal(""), HasSubstr("cannot be written"));
  EXPECT_EQ(entries(folder.path()), 3U);
}

TEST(EndOnSignals, RemovesWhatIsHalfWrittenAndEndsWithTheSignalsStatus) {
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) {
    const TestFolder folder;
    write_durably(folder.path() / "kept", "old");
    const pid_t child = ::fork();
    if (child == 0) {
      std::signal(number, SIG_DFL);
      end_on_signals();
      const DurableFile half(folder.path() / "kept"), other(folder.path() / "other");
      { const DurableFile dropped(folder.path() / "dropped"); }
      if (entries(folder.path()) == 3) ::kill(::getpid(), number);
      ::_exit(1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 128 + number);
    EXPECT_EQ(entries(folder.path()), 1U);
    EXPECT_EQ(content_of(folder.path() / "kept"), "old");
  }
}

TEST(EndOnSignals, LeavesASignalIgnoredThatIs) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGHUP, SIG_IGN);
    end_on_signals();
    std::raise(SIGHUP);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace sonde
