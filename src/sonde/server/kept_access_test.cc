// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/kept_access.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "sonde/core/folder_testing.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

const std::string kToken = std::string(62, 'a') + "09";

class TheAccessKept : public testing::Test {
 protected:
  void write(const std::string& text, mode_t mode = 0600) const {
    std::ofstream(file()) << text;
    ASSERT_EQ(::chmod(file().c_str(), mode), 0);
  }
  fs::path folder() const { return folder_.path(); }
  fs::path file() const { return folder() / "sonde.token"; }
  std::string content() const {
    std::ifstream in(file());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  mode_t mode() const {
    struct stat found {};
    EXPECT_EQ(::lstat(file().c_str(), &found), 0);
    return found.st_mode;
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder()), fs::directory_iterator()));
  }

 private:
  TestFolder folder_;
};

TEST_F(TheAccessKept, IsReadAsItWasWritten) {
  EXPECT_FALSE(kept_access(folder()));
  keep_access(folder(), {kToken, 8080});
  const auto kept = kept_access(folder());
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->token, kToken);
  EXPECT_EQ(kept->port, 8080);
  EXPECT_EQ(files(), 1u);
}

TEST_F(TheAccessKept, IsForItsUserAloneWhateverTheUmask) {
  const mode_t before = ::umask(0);
  keep_access(folder(), {kToken, 8080});
  ::umask(before);
  EXPECT_EQ(mode(), S_IFREG | 0600u);
}

TEST_F(TheAccessKept, IsForgottenWhereOthersCanReadItAndReplacedByOneThatTheyCannot) {
  for (const mode_t shared : {0640u, 0604u, 0620u, 0601u, 0777u}) {
    write(kToken + " 8080\n", shared);
    EXPECT_FALSE(kept_access(folder())) << std::oct << shared;
    keep_access(folder(), {kToken, 8080});
    EXPECT_EQ(mode(), S_IFREG | 0600u);
    EXPECT_TRUE(kept_access(folder()));
  }
}

TEST_F(TheAccessKept, FollowsNoLinkAndReplacesIt) {
  const fs::path elsewhere = folder() / "elsewhere";
  write(kToken + " 8080\n");
  fs::rename(file(), elsewhere);
  fs::create_symlink(elsewhere, file());
  EXPECT_FALSE(kept_access(folder()));
  keep_access(folder(), {kToken, 9090});
  EXPECT_FALSE(fs::is_symlink(file()));
  EXPECT_EQ(kept_access(folder()).value().port, 9090);
  std::ifstream in(elsewhere);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), kToken + " 8080\n");
}

TEST_F(TheAccessKept, WaitsForNoPipeAndReadsNoFolder) {
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  EXPECT_FALSE(kept_access(folder()));
  keep_access(folder(), {kToken, 8080});
  EXPECT_TRUE(kept_access(folder()));
  fs::remove(file());
  fs::create_directory(file());
  EXPECT_FALSE(kept_access(folder()));
  keep_access(folder(), {kToken, 8080});  // a folder is not replaced
  EXPECT_FALSE(kept_access(folder()));
  EXPECT_EQ(files(), 1u);
}

TEST_F(TheAccessKept, IsNothingButATokenAndAPort) {
  std::string capitals = kToken;
  capitals[0] = 'A';
  const std::string zeros(1, '\0');
  for (const std::string& text : {std::string(),
                                  std::string("\n"),
                                  kToken,
                                  kToken + "\n",
                                  kToken + " 8080",
                                  kToken + " 8080\n\n",
                                  kToken + " 08080\n",
                                  kToken + " 0\n",
                                  kToken + " 65536\n",
                                  kToken + " -1\n",
                                  kToken + "  8080\n",
                                  kToken + " 8080 \n",
                                  " " + kToken + " 8080\n",
                                  kToken.substr(1) + " 8080\n",
                                  kToken + "a 8080\n",
                                  capitals + " 8080\n",
                                  kToken + " 8080\r\n",
                                  kToken + zeros + " 8080\n",
                                  std::string(" 8080\n"),
                                  std::string(100000, 'a'),
                                  kToken + " 8080\n" + std::string(200, '\n')}) {
    write(text);
    EXPECT_FALSE(kept_access(folder())) << text.substr(0, 100);
  }
  write(kToken + " 65535\n");
  EXPECT_TRUE(kept_access(folder()));
}

TEST_F(TheAccessKept, IsNotWrittenAgainWhileItIsTheSame) {
  keep_access(folder(), {kToken, 8080});
  const auto id_of_file = [&] {
    struct stat found {};
    EXPECT_EQ(::stat(file().c_str(), &found), 0);
    return found.st_ino;
  };
  const auto before = id_of_file();
  keep_access(folder(), {kToken, 8080});
  EXPECT_EQ(id_of_file(), before);
  keep_access(folder(), {kToken, 8081});
  EXPECT_EQ(content(), kToken + " 8081\n");
}

TEST_F(TheAccessKept, IsNothingInAFolderThatCannotBeWritten) {
  if (::geteuid() == 0) GTEST_SKIP() << "the superuser writes everywhere";
  fs::permissions(folder(), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_NO_THROW(keep_access(folder(), {kToken, 8080}));
  EXPECT_FALSE(kept_access(folder()));
  fs::permissions(folder(), fs::perms::owner_all);
  EXPECT_NO_THROW(keep_access(folder() / "nowhere", {kToken, 8080}));
}

}  // namespace
}  // namespace sonde
