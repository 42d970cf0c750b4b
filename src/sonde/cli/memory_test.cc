// SPDX-License-Identifier: Apache-2.0
// What pictures take of memory, in the program and in the children that decode for it.
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "sonde/core/data_testing.h"
#include "sonde/core/folder_testing.h"
#include "sonde/io/write.h"
#include "sonde/predict/model_testing.h"

namespace sonde {
namespace {

constexpr Extent2 kSmall{64, 48}, kLarge{4000, 3000};

class Memory : public testing::Test {
 protected:
  Memory() {
    save_random_sam(tiny_sam_sizes(), 1, path("tiny.safetensors"));
    for (const auto& [name, extent] : {std::pair{"small", kSmall}, std::pair{"large", kLarge}}) {
      RgbImage image{extent, {}};
      image.pixels.resize(static_cast<std::size_t>(3 * pixel_count(extent)));
      for (std::size_t i = 0; i < image.pixels.size(); ++i)
        image.pixels[i] = static_cast<std::uint8_t>(i / 3 / 64);  // three equal channels are written as grey
      write_png(path(std::string(name) + "_grey.png"), image);
      for (std::size_t i = 0; i < image.pixels.size(); i += 3) image.pixels[i] ^= 0x55U;
      write_png(path(std::string(name) + "_colour.png"), image);
    }
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  // The most that the program or one of its children held, in bytes.
  double peak(const std::vector<std::string>& args) const {
    std::vector<char*> pointers{const_cast<char*>(program_path())};  // NOLINT: execv's signature
    for (const std::string& arg : args)
      pointers.push_back(const_cast<char*>(arg.c_str()));  // NOLINT: as above
    pointers.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
      ::execv(program_path(), pointers.data());
      ::_exit(127);
    }
    int status = 0;
    rusage used{};
    EXPECT_EQ(::wait4(child, &status, 0, &used), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    return static_cast<double>(used.ru_maxrss) * 1024;
  }

  // Of each pixel of the large picture, beyond what the small one takes.
  double bytes_a_pixel(std::vector<std::string> args, const std::string& kind) const {
    args.insert(args.begin() + 1, path("small_" + kind + ".png"));
    const double small = peak(args);
    args[1] = path("large_" + kind + ".png");
    return (peak(args) - small) / static_cast<double>(pixel_count(kLarge));
  }

 private:
  TestFolder folder_;
};

TEST_F(Memory, OfInfoDoesNotGrowWithThePixels) {
  EXPECT_LT(bytes_a_pixel({"info"}, "grey"), 1);
  EXPECT_LT(bytes_a_pixel({"info"}, "colour"), 1);
}

TEST_F(Memory, OfSegmentIsThatOfTheShownPicture) {
  const std::vector<std::string> args{
      "segment",    "--box", "10,10,40,40",   "--model", path("tiny.safetensors"),
      "--no-store", "--out", path("mask.png")};
  EXPECT_LT(bytes_a_pixel(args, "grey"), 4);
  EXPECT_LT(bytes_a_pixel(args, "colour"), 4);
}

}  // namespace
}  // namespace sonde
