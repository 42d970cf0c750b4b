// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/bytes.h"

#include <fstream>

#include <gtest/gtest.h>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/core/threads.h"

namespace sonde {
namespace {

std::string as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

ErrorKind kind_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::internal;
}

TEST(MappedFile, HoldsTheBytesOfTheFileAndSurvivesAMove) {
  const TestFolder folder;
  write_durably(folder.path() / "a", "hello");
  MappedFile first(folder.path() / "a");
  const MappedFile second(std::move(first));
  EXPECT_EQ(as_text(second.bytes()), "hello");
}

TEST(MappedFile, AnEmptyFileHasNoBytes) {
  const TestFolder folder;
  write_durably(folder.path() / "a", "");
  EXPECT_TRUE(MappedFile(folder.path() / "a").bytes().empty());
}

TEST(MappedFile, SaysWhetherAFileIsAbsentOrAFolder) {
  const TestFolder folder;
  EXPECT_EQ(kind_of([&] { MappedFile(folder.path() / "none"); }), ErrorKind::not_found);
  EXPECT_EQ(kind_of([&] { MappedFile(folder.path()); }), ErrorKind::usage);
}

TEST(ReadHead, StopsAtTheEndOfAShortFile) {
  const TestFolder folder;
  write_durably(folder.path() / "a", "hello");
  EXPECT_EQ(as_text(read_head(folder.path() / "a", 3)), "hel");
  EXPECT_EQ(as_text(read_head(folder.path() / "a", 100)), "hello");
}

TEST(Sha256, EqualsThePublishedVectors) {
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::string abc = "abc";
  EXPECT_EQ(sha256_hex(std::as_bytes(std::span(abc))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DurableFile, LeavesTheOldContentAndNoTraceWhenItIsNotCommitted) {
  const TestFolder folder;
  write_durably(folder.path() / "a", "old");
  {
    DurableFile file(folder.path() / "a");
    file.write(std::as_bytes(std::span<const char>("new", 3)));
  }
  EXPECT_EQ(as_text(MappedFile(folder.path() / "a").bytes()), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(DurableFile, ReplacesTheContentWhenItIsCommitted) {
  const TestFolder folder;
  write_durably(folder.path() / "a", "old");
  write_durably(folder.path() / "a", "new");
  EXPECT_EQ(as_text(MappedFile(folder.path() / "a").bytes()), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(DurableFile, KeepsTheExtensionAndTakesAFileThatALibraryReplaced) {
  const TestFolder folder;
  DurableFile file(folder.path() / "a.png");
  EXPECT_EQ(file.temporary_path().extension(), ".png");
  std::filesystem::remove(file.temporary_path());
  std::ofstream(file.temporary_path()) << "by name";
  file.commit();
  EXPECT_EQ(as_text(MappedFile(folder.path() / "a.png").bytes()), "by name");
}

TEST(DurableFile, NamesTheTargetWhenItsFolderIsAbsent) {
  try {
    write_durably("absent-folder/a", "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_NE(std::string(error.what()).find("absent-folder/a"), std::string::npos);
  }
}

TEST(PhysicalCoreCount, IsAtLeastOne) { EXPECT_GE(physical_core_count(), 1); }

}  // namespace
}  // namespace sonde
