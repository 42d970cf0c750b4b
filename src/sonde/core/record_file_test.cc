// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/record_file.h"

#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"

namespace sonde {
namespace {

using testing::ElementsAre;
namespace fs = std::filesystem;

void overwrite(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::vector<std::string> texts(const RecordFile& file) {
  std::vector<std::string> all;
  for (const auto place : file.records()) all.push_back(file.read(place));
  return all;
}

TEST(RecordFile, KeepsRecordsInTheirOrderAcrossOpenings) {
  const TestFolder folder;
  const fs::path path = folder.path() / "journal";
  {
    RecordFile file(path);
    EXPECT_TRUE(file.records().empty());
    const auto place = file.append("one");
    EXPECT_EQ(file.read(place), "one");
    file.append("two words");
  }
  RecordFile again(path);
  again.append("three");
  EXPECT_THAT(texts(again), ElementsAre("one", "two words", "three"));
  EXPECT_THAT(read_records(path), ElementsAre("one", "two words", "three"));
}

TEST(RecordFile, ForgetsATornEndWhereverItWasCutAndGoesOn) {
  const TestFolder folder;
  const fs::path path = folder.path() / "journal";
  RecordFile(path).append("first");
  const std::size_t whole = content_of(path).size();
  RecordFile(path).append("second");
  const std::string both = content_of(path);
  for (std::size_t cut = whole; cut < both.size(); ++cut) {
    overwrite(path, both.substr(0, cut));
    RecordFile file(path);
    EXPECT_THAT(texts(file), ElementsAre("first")) << cut;
    file.append("third");
    EXPECT_THAT(texts(file), ElementsAre("first", "third")) << cut;
  }
}

TEST(RecordFile, LeavesOutADamagedRecordAndKeepsTheRest) {
  const TestFolder folder;
  const fs::path path = folder.path() / "journal";
  overwrite(path, record_line("first") + record_line("second") + "rubbish\n\n" + record_line("third"));
  std::string content = content_of(path);
  content[content.find("second")] = 'S';
  overwrite(path, content);
  EXPECT_THAT(texts(RecordFile(path)), ElementsAre("first", "third"));
}

TEST(RecordFile, TakesRecordsFromManyThreads) {
  const TestFolder folder;
  RecordFile file(folder.path() / "journal");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&file, t] {
      for (int i = 0; i < 25; ++i) file.append(std::string(static_cast<std::size_t>(i) * 50, 'a' + t) + ".");
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(file.records().size(), 100U);
}

TEST(RecordFile, RefusesASecondWriterAndAFolderThatIsNotThere) {
  const TestFolder folder;
  const fs::path path = folder.path() / "journal";
  const RecordFile file(path);
  try {
    const RecordFile second(path);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), testing::HasSubstr(path.string()));
  }
  EXPECT_THROW(RecordFile(folder.path() / "no" / "journal"), Error);
}

// In a child: a limit on the size of files, as a full disk.
TEST(RecordFile, IsAsBeforeWhenTheDiskIsFull) {
  const TestFolder folder;
  const fs::path path = folder.path() / "journal";
  RecordFile(path).append("kept");
  const std::string before = content_of(path);
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{before.size() + 10, before.size() + 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    RecordFile file(path);
    try {
      file.append("does not fit into ten bytes");
    } catch (const Error& error) {
      ::_exit(error.kind() == ErrorKind::unavailable && texts(file).size() == 1 ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(content_of(path), before);
  RecordFile file(path);
  file.append("fits now");
  EXPECT_THAT(texts(file), ElementsAre("kept", "fits now"));
}

}  // namespace
}  // namespace sonde
