// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fstream>
#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/data_testing.h"
#include "sonde/core/folder_testing.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/checkpoint_testing.h"
#include "sonde/weights/refusal_testing.h"
#include "sonde/weights/zip_archive.h"

namespace sonde {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// test/data/torch_save.pth, a dict of tensors of many types as torch.save of PyTorch 1.13 writes it.
NamedTensors saved_by_torch() { return load_checkpoint(test_data_folder() / "torch_save.pth").tensors; }

void expect_equal(const NamedTensors& tensors, const NamedTensors& expected) {
  ASSERT_EQ(tensors.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    const WeightTensor& other = tensors.at(name);
    EXPECT_EQ(other.type, tensor.type) << name;
    EXPECT_EQ(other.shape, tensor.shape) << name;
    EXPECT_EQ(as_text(other.bytes), as_text(tensor.bytes)) << name;
  }
}

TEST(SavePth, WritesWhatIsReadBackAsItIsFromTorchSave) {
  const NamedTensors tensors = saved_by_torch();
  ASSERT_THAT(tensors, SizeIs(9));
  EXPECT_THAT(numbers_of(tensors.at("transposed")), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(numbers_of(tensors.at("brain")), ElementsAre(1, 3));
  EXPECT_EQ(tensors.at("count").shape, Shape{});
  const TestFolder folder;
  save_pth(folder.path() / "a.pth", tensors);
  expect_equal(load_checkpoint(folder.path() / "a.pth").tensors, tensors);
}

TEST(SavePth, PutsEachTensorAtAnAlignedPlaceAndWritesTheSameBytesEachTime) {
  const TestFolder folder;
  save_pth(folder.path() / "a.pth", saved_by_torch());
  save_pth(folder.path() / "b.pth", saved_by_torch());
  const MappedFile a(folder.path() / "a.pth"), b(folder.path() / "b.pth");
  EXPECT_EQ(as_text(a.bytes()), as_text(b.bytes()));
  for (const auto& [name, content] : read_zip(a.bytes(), "a.pth"))
    EXPECT_EQ((content.data() - a.bytes().data()) % 64, 0) << name;
}

TEST(SavePth, LeavesNothingWhereItCannotWrite) {
  refusal_of([] { save_pth("/nowhere/a.pth", saved_by_torch()); }, "/nowhere", ErrorKind::unavailable);
}

// Where Python has PyTorch.
TEST(SavePthForTorch, IsLoadedAndSavedAgainByIt) {
  const TestFolder folder;
  const auto file = folder.path() / "a.pth", again = folder.path() / "again.pth";
  save_pth(file, saved_by_torch());
  const auto script = test_data_folder().parent_path() / "torch_load.py";
  const std::string command =
      "/usr/bin/python3 '" + script.string() + "' '" + file.string() + "' '" + again.string() + "'";
  const int status = std::system(command.c_str());  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
  if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127) GTEST_SKIP() << "no PyTorch for Python";
  ASSERT_EQ(status, 0);
  expect_equal(load_checkpoint(again).tensors, saved_by_torch());
}

}  // namespace
}  // namespace sonde
