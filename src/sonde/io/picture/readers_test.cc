// SPDX-License-Identifier: Apache-2.0
// Against Pillow and tifffile, where Python has them.
#include <cstdlib>
#include <fstream>
#include <sys/wait.h>

#include "sonde/core/data_testing.h"
#include "sonde/io/read.h"
#include "sonde/io/volume/volume_testing.h"

namespace sonde {
namespace {

struct Expected {
  std::string kind;
  std::int64_t width = 0, height = 0, frame = 0;
  std::string values;
};

Expected expected_in(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Expected expected;
  file >> expected.kind >> expected.width >> expected.height >> expected.frame;
  file.get();
  expected.values.assign(std::istreambuf_iterator<char>(file), {});
  return expected;
}

TEST(PictureReaders, AgreeOnEveryPixelWithPillowAndTifffile) {
  const TestFolder folder;
  const auto script = test_data_folder().parent_path() / "pictures.py";
  const std::string command =
      "/usr/bin/python3 '" + script.string() + "' '" + folder.path().string() + "' 2>/dev/null";
  const int status = std::system(command.c_str());  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
  if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127) GTEST_SKIP() << "no Pillow and tifffile";
  ASSERT_EQ(status, 0);
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path().extension() != ".expected") continue;
    const Expected expected = expected_in(entry.path());
    const auto picture = entry.path().parent_path() / entry.path().stem().stem();  // NAME.FRAME.expected
    SCOPED_TRACE(picture.filename());
    const Volume volume = read_volume(picture, {.frame = expected.frame, .series = ""});
    EXPECT_EQ(volume.geometry.extent, (Extent3{expected.width, expected.height, 1}));
    EXPECT_EQ(volume.photometric, expected.kind == "rgb" ? Photometric::rgb : Photometric::grey);
    EXPECT_TRUE((expected.kind == "rgb" ? raw_bytes(volume.rgb) : raw_bytes(volume.voxels)) ==
                expected.values);
    ++compared;
  }
  EXPECT_GT(compared, 250);
}

}  // namespace
}  // namespace sonde
