// SPDX-License-Identifier: Apache-2.0
// Every command where the address space is limited, as `ulimit -v` and batch systems do it.
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/annotate/project.h"
#include "sonde/core/data_testing.h"
#include "sonde/core/folder_testing.h"
#include "sonde/io/write.h"
#include "sonde/predict/model_testing.h"
#include "sonde/weights/registry.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Args = std::vector<std::string>;
using Clock = std::chrono::steady_clock;

constexpr rlim_t kMegabyte = 1'000'000;
constexpr std::chrono::seconds kPatience{60};  // the slowest takes a second on a quiet machine

struct Ended {
  int status = -1;  // exit status, or 128 + the signal it died of
  std::string error;
};

// Pictures, a volume, a data set, two studies and a project, all made without a limit.
class AddressSpace : public testing::Test {
 protected:
  AddressSpace() {
    save_random_sam(tiny_sam_sizes(), 1, path("tiny.safetensors"));
    write_png(path("a.png"), test_picture({600, 400}));
    const ImageGeometry grid{{64, 64, 8}, Affine3{{Vec3{0.5, 0, 0}, Vec3{0, 0.5, 0}, Vec3{0, 0, 3}}, {}}};
    write_mask_volume(path("box.nii.gz"), {grid.extent, std::vector<std::uint8_t>(64 * 64 * 8, 1)}, grid);
    for (const std::string part : {"images", "masks"}) fs::create_directories(path("set/" + part));
    write_png(path("set/images/a.png"), test_picture({60, 40}));
    Mask mask = empty_mask({60, 40});
    for (std::size_t i = 300; i < 1200; ++i) mask.pixels[i] = 1;
    write_mask_png(path("set/masks/a.png"), mask);
    for (const std::string name : {"study-1", "study-2"})
      EXPECT_EQ(run(study(name), RLIM_INFINITY).status, 0);
    make_project();
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  Args study(const std::string& out) const {
    return {"study",     "run",     "--data",    path("set"),
            "--out",     path(out), "--model",   path("tiny.safetensors"),
            "--clicks",  "2",       "--threads", "2",
            "--no-store"};
  }

  void make_project() const {
    Project project = Project::open(path("project"));
    const std::vector<ImageSource> images{{path("a.png"), "", 0, "a.png"}};
    const ImageId image = project.add_images(images).front();
    project.set_opened(image, {{600, 400, 1}, {}});
    const ImportAction action{"test", {{project.labels().front().id, "", {{600, 400, 1}, {{1, 99}}}}}};
    project.apply(image, "request-1", action, {});
  }

  // A server ends by the signal that is sent once it has told its address.
  Ended run(const Args& args, rlim_t address_space) const {
    const pid_t child = start(args, address_space);
    const auto begin = Clock::now();
    int status = 0;
    bool told = args.front() != "annotate";
    while (::waitpid(child, &status, WNOHANG) == 0) {
      if (!told && content_of(path("out")).find("http://") != std::string::npos) {
        told = true;
        ::kill(child, SIGTERM);
      }
      if (Clock::now() - begin > kPatience) ::kill(child, SIGKILL);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), content_of(path("error"))};
  }

  void expect_told(const Args& args, rlim_t megabytes) const {
    SCOPED_TRACE(args.front() + " " + (args.size() > 1 ? args[1] : "") + ", " + std::to_string(megabytes) +
                 " MB");
    const Ended ended = run(args, megabytes * kMegabyte);
    EXPECT_THAT(ended.status, AnyOf(0, 3)) << ended.error;
    if (ended.status != 3) return;
    EXPECT_THAT(ended.error, StartsWith("sonde: "));
    EXPECT_EQ(std::count(ended.error.begin(), ended.error.end(), '\n'), 1) << ended.error;
    EXPECT_THAT(ended.error, Not(AnyOf(HasSubstr("unexpected"), HasSubstr("std::"), HasSubstr("terminate"))));
  }

 private:
  pid_t start(const Args& args, rlim_t address_space) const {
    std::vector<char*> pointers{const_cast<char*>(program_path())};  // NOLINT: execv's signature
    for (const std::string& arg : args)
      pointers.push_back(const_cast<char*>(arg.c_str()));  // NOLINT: as above
    pointers.push_back(nullptr);
    const std::string out = path("out"), error = path("error");
    fs::remove(out);  // of an earlier run, whose address would be taken for this one's
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    ::dup2(::open(error.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    const rlimit limit{address_space, address_space};
    if (address_space != RLIM_INFINITY) ::setrlimit(RLIMIT_AS, &limit);
    ::execv(program_path(), pointers.data());
    ::_exit(127);
  }

  TestFolder folder_;
};

TEST_F(AddressSpace, EveryCommandEndsDoneOrWithOneLine) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's shadow takes terabytes of address space";
#endif
  std::string model = path("tiny.safetensors");
  if (fs::exists(models_folder() / "mobile-sam.safetensors")) model = "mobile-sam";
  Args study_run = study("limited");
  study_run[7] = model;
  const std::vector<Args> commands{
      {"--help"},
      {"info", path("a.png")},
      {"info", path("box.nii.gz")},
      {"segment", path("a.png"), "--box", "30,30,90,90", "--model", model, "--no-store", "--out",
       path("m.png"), "--overlay", path("look.png"), "--threads", "4"},
      {"segment", path("box.nii.gz"), "--slice", "3", "--point", "30,30", "--model", model, "--no-store",
       "--out", path("m.mha"), "--threads", "2"},
      {"everything", path("a.png"), "--points-per-side", "3", "--model", model, "--out", path("all"),
       "--threads", "2"},
      study_run,
      {"study", "report", path("study-1")},
      {"study", "compare", path("study-1"), path("study-2")},
      {"annotate", path("a.png"), "--project", path("new.sonde"), "--model", model, "--no-store", "--threads",
       "2"},
      {"export", path("project"), "--format", "nifti", "--out", path("exported")},
      {"model", "list"},
      {"model", "inspect", model},
      {"bench", "encoder", "--runs", "1", "--model", model, "--threads", "2"},
  };
  for (const rlim_t megabytes : {150, 200, 300, 500, 1000})
    for (const Args& args : commands) expect_told(args, megabytes);
}

}  // namespace
}  // namespace sonde
