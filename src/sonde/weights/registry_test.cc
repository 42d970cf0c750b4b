// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/registry.h"

#include <cstdlib>
#include <fstream>
#include <pwd.h>
#include <set>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/checkpoint_testing.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// The environment of one test; what was there before comes back.
class Environment {
 public:
  explicit Environment(const std::map<std::string, std::string>& values) {
    for (const char* name : {"SONDE_MODELS", "XDG_DATA_HOME", "HOME"}) {
      if (const char* value = std::getenv(name)) before_[name] = value;
      ::unsetenv(name);
    }
    for (const auto& [name, value] : values) ::setenv(name.c_str(), value.c_str(), 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    for (const char* name : {"SONDE_MODELS", "XDG_DATA_HOME", "HOME"}) ::unsetenv(name);
    for (const auto& [name, value] : before_) ::setenv(name.c_str(), value.c_str(), 1);
  }

 private:
  std::map<std::string, std::string> before_;
};

Error refusal(const std::string& name) {
  try {
    find_model(name);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << name << " was found";
  return {ErrorKind::internal, ""};
}

TEST(Registry, NamesEachModelOnceWithAPlaceAndAHash) {
  std::set<std::string> names, files;
  for (const auto& model : registered_models()) {
    EXPECT_TRUE(names.insert(model.name).second) << model.name;
    EXPECT_TRUE(files.insert(model.file_name).second) << model.file_name;
    EXPECT_FALSE(model.licence.empty() || model.source.empty() || model.architecture.empty()) << model.name;
    EXPECT_FALSE(model.sha256.empty() && model.md5.empty()) << model.name;
    EXPECT_THAT(model.sha256, MatchesRegex("([0-9a-f]{64})?"));
    EXPECT_THAT(model.md5, MatchesRegex("([0-9a-f]{32})?"));
    EXPECT_THAT(model.url, MatchesRegex("(https://.*)?"));
    // Published names end in the first digits of the file's MD5.
    const auto at = model.file_name.rfind('_') + 1;
    if (model.name.starts_with("sam-")) {
      EXPECT_EQ(model.file_name.substr(at, 6), model.md5.substr(0, 6));
    }
  }
  for (const char* name : {"mobile-sam", "sam-vit-b", "sam-vit-l", "sam-vit-h", "medsam"})
    EXPECT_TRUE(names.contains(name));
}

TEST(ModelsFolder, IsTheFirstThatTheEnvironmentNames) {
  {
    const Environment environment({{"SONDE_MODELS", "/m"}, {"XDG_DATA_HOME", "/x"}, {"HOME", "/h"}});
    EXPECT_EQ(models_folder(), "/m");
  }
  {
    const Environment environment({{"SONDE_MODELS", ""}, {"XDG_DATA_HOME", "/x"}, {"HOME", "/h"}});
    EXPECT_EQ(models_folder(), "/x/sonde/models");
  }
  {
    const Environment environment({{"XDG_DATA_HOME", "relative"}, {"HOME", "/h"}});
    EXPECT_EQ(models_folder(), "/h/.local/share/sonde/models");
  }
  const Environment environment({});
  const passwd* user = ::getpwuid(::getuid());
  if (user == nullptr) GTEST_SKIP() << "SKIPPED: the user is not in the password database";
  EXPECT_EQ(models_folder(), std::filesystem::path(user->pw_dir) / ".local/share/sonde/models");
}

TEST(FindModel, FindsAFileByItsPathAndAModelByItsName) {
  const TestFolder folder;
  const Environment environment({{"SONDE_MODELS", folder.path().string()}});
  const auto file = folder.path() / "mobile-sam.safetensors";
  EXPECT_EQ(refusal("mobile-sam").kind(), ErrorKind::unavailable);
  EXPECT_THAT(refusal("mobile-sam").what(), HasSubstr("sonde model import-onnx"));
  EXPECT_THAT(refusal("medsam").what(), HasSubstr("sonde model fetch medsam"));
  std::ofstream(file) << "weights";
  EXPECT_EQ(find_model("mobile-sam"), file);
  EXPECT_EQ(find_model(file.string()), file);
}

TEST(FindModel, TellsAnUnknownNameFromAMissingFile) {
  EXPECT_EQ(refusal("mobile-spam").kind(), ErrorKind::usage);
  EXPECT_THAT(refusal("mobile-spam").what(),
              HasSubstr("mobile-sam, sam-vit-b, sam-vit-l, sam-vit-h, medsam"));
  EXPECT_EQ(refusal("/nowhere/weights").kind(), ErrorKind::not_found);
  EXPECT_EQ(refusal("weights.pth").kind(), ErrorKind::not_found);
  EXPECT_EQ(refusal("").kind(), ErrorKind::usage);
}

TEST(InspectCheckpoint, SaysWhyAFileIsNoSam) {
  const TestFolder folder;
  const auto path = folder.path() / "small.pth";
  std::ofstream(path, std::ios::binary) << test::small_pth();
  const auto info = inspect_checkpoint(path);
  EXPECT_EQ(info.architecture, "");
  EXPECT_THAT(info.problem, HasSubstr(path.string()));
  EXPECT_EQ(info.parameter_count, 6 + 6 + 2);
  ASSERT_EQ(info.tensors.size(), 4U);
  EXPECT_EQ(info.tensors[0].name, "count");
  EXPECT_EQ(info.tensors[0].type, "I64");
  EXPECT_EQ(info.tensors[3].shape, (std::vector<std::int64_t>{2, 3}));
}

TEST(RecognisesCheckpoint, ByNameOrContent) {
  const TestFolder folder;
  const auto write = [&](const char* name, const std::string& content) {
    const auto path = folder.path() / name;
    std::ofstream(path, std::ios::binary) << content;
    return recognises_checkpoint(path);
  };
  EXPECT_TRUE(write("a.pth", "anything"));
  EXPECT_TRUE(write("b", test::small_safetensors()));
  EXPECT_TRUE(write("c.bin", test::small_pth()));
  EXPECT_FALSE(write("d.nii", std::string(400, '\0')));
  EXPECT_FALSE(write("e", ""));
  EXPECT_FALSE(recognises_checkpoint(folder.path()));
  EXPECT_FALSE(recognises_checkpoint(folder.path() / "nowhere.pth"));
}

}  // namespace
}  // namespace sonde
