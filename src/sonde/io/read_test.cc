// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/read.h"

#include <chrono>
#include <map>
#include <sys/stat.h>

#include "sonde/core/data_testing.h"
#include "sonde/core/durable_file.h"
#include "sonde/io/formats.h"
#include "sonde/io/picture/encode_testing.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

using testing::HasSubstr;

Refused expect_refused(const std::filesystem::path& path, ErrorKind kind) {
  const Refused by_reading = refusal([&] { read_volume(path); });
  EXPECT_EQ(by_reading.kind, kind) << by_reading.message;
  EXPECT_TRUE(by_reading.message.starts_with(path.string() + ": ")) << by_reading.message;
  EXPECT_EQ(by_reading.message.find('\n'), std::string::npos);
  EXPECT_EQ(refusal([&] { inspect(path); }).message, by_reading.message);
  return by_reading;
}

TEST(ReadVolume, TellsFormatsByTheirContentWhateverTheirName) {
  const TestFolder folder;
  const auto picture = grey_ramp<std::uint8_t>(2);
  const std::map<std::string, std::string> pictures{{"PNG", encoded(".png", picture)},
                                                    {"BMP", encoded(".bmp", picture)},
                                                    {"TIFF", encoded(".tif", picture)},
                                                    {"JPEG", encoded(".jpg", picture)}};
  for (const auto& [format, content] : pictures) {
    for (const char* name : {"a.nii", "a.dcm", "a"}) {
      std::filesystem::remove(folder.path() / name);
      const auto path = write_file(folder.path() / name, content);
      EXPECT_EQ(inspect(path).format, format);
      EXPECT_EQ(read_volume(path).geometry.extent, (Extent3{13, 9, 1}));
    }
  }
  ImageGeometry like;
  like.extent = {5, 4, 3};
  const BinaryVolume mask{like.extent, std::vector<std::uint8_t>(60, 1)};
  const std::map<std::string, std::string> volumes{
      {"a.nii.gz", "NIfTI-1"}, {"a.nrrd", "NRRD"}, {"a.mha", "MetaImage"}};
  for (const auto& [name, format] : volumes) {
    write_mask_volume(folder.path() / name, mask, like);
    std::filesystem::rename(folder.path() / name, folder.path() / "volume");
    EXPECT_THAT(inspect(folder.path() / "volume").format, HasSubstr(format));
    EXPECT_EQ(read_volume(folder.path() / "volume").geometry.extent, like.extent);
  }
}

TEST(ReadVolume, PassesItsOptionsOn) {
  const TestFolder folder;
  const auto path = folder.path() / "pages.tif";
  write_file(path, tiff_of_pages({}, grey_ramp<std::uint16_t>(1), grey_ramp<std::uint16_t>(2)));
  EXPECT_EQ(read_volume(path, {.frame = 1, .series = ""}).voxels.at(1), 2);
  EXPECT_EQ(refusal([&] { read_volume(path, {.frame = 2, .series = ""}); }).kind, ErrorKind::usage);
}

TEST(ReadVolume, SaysThatNothingIsThere) {
  const TestFolder folder;
  EXPECT_THAT(expect_refused(folder.path() / "missing.png", ErrorKind::not_found).message,
              HasSubstr("no such"));
  std::filesystem::create_symlink("missing.png", folder.path() / "link.png");
  expect_refused(folder.path() / "link.png", ErrorKind::not_found);
  EXPECT_THAT(expect_refused(write_file(folder.path() / "a.png", ""), ErrorKind::corrupt_data).message,
              HasSubstr("empty"));
}

TEST(ReadVolume, ListsWhatItReadsWhereItKnowsNoFormat) {
  const TestFolder folder;
  for (const char* content : {"x", "BM but no bitmap, only text"}) {
    std::filesystem::remove(folder.path() / "a.png");
    const auto path = write_file(folder.path() / "a.png", content);
    EXPECT_THAT(expect_refused(path, ErrorKind::unsupported).message, HasSubstr("reads: PNG, JPEG, TIFF"));
  }
  EXPECT_THAT(expect_refused(write_file(folder.path() / "a.nii", "text"), ErrorKind::corrupt_data).message,
              HasSubstr("not NIfTI"));
}

TEST(ReadVolume, WaitsForNoPipe) {
  const TestFolder folder;
  const auto pipe = folder.path() / "pipe.png";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  expect_refused(pipe, ErrorKind::unsupported);
}

TEST(ReadVolume, RefusesAFolderWithoutDicom) {
  const TestFolder folder;
  EXPECT_FALSE(refusal([&] { read_volume(folder.path()); }).message.empty());
  EXPECT_FALSE(refusal([&] { inspect(folder.path()); }).message.empty());
  write_file(folder.path() / "a.png", encoded(".png", grey_ramp<std::uint8_t>(1)));
  const Refused refused = refusal([&] { read_volume(folder.path()); });
  EXPECT_THAT(refused.message, HasSubstr("DICOM"));
}

using Read = Volume (*)(const std::filesystem::path&, const ReadOptions&);

// "" for a file that loads, else why it does not.
template <typename Work>
std::string outcome(const Work& work) {
  try {
    work();
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(ReadVolume, AnswersAsTheFormatsReaderOnHostileFiles) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared data";
  const std::map<std::string, Read> readers{
      {".nii", read_nifti},     {".gz", read_nifti},      {".hdr", read_nifti}, {".nrrd", read_nrrd},
      {".mha", read_metaimage}, {".mhd", read_metaimage}, {".npy", read_npy}};
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*shared / "data" / "hostile")) {
    const auto& path = entry.path();
    const auto reader = readers.find(path.extension().string());
    if (reader == readers.end()) continue;
    const auto begin = std::chrono::steady_clock::now();
    const std::string by_reading = outcome([&] { read_volume(path); });
    EXPECT_EQ(outcome([&] { inspect(path); }), by_reading);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2)) << path;
    const std::string direct = outcome([&] { reader->second(path, {}); });
    const std::string name = path.filename().string();
    if (name.starts_with("empty") || name.starts_with("html")) {
      EXPECT_THAT(by_reading, HasSubstr(name.starts_with("empty") ? "the file is empty" : "is an HTML page"));
      EXPECT_FALSE(direct.empty());
    } else {
      EXPECT_EQ(by_reading, direct);
    }
    ++count;
  }
  EXPECT_GE(count, 134);
}

TEST(Inspect, ListsTheImagesOfAFolderWithoutDicomAndWhatItRefusesOfThem) {
  const TestFolder folder;
  write_mask_png(folder.path() / "b.png", empty_mask({3, 2}));
  write_mask_png(folder.path() / "a.png", empty_mask({5, 4}));
  write_durably(folder.path() / "cut.nii", "1234");
  write_durably(folder.path() / "notes.txt", "not an image");
  const FileInfo info = inspect(folder.path());
  ASSERT_EQ(info.images.size(), 2U);
  EXPECT_EQ(info.images[0].title, "a.png");
  EXPECT_EQ(info.images[0].geometry.extent, (Extent3{5, 4, 1}));
  EXPECT_EQ(info.images[1].title, "b.png");
  ASSERT_EQ(info.refused.size(), 1U);
  EXPECT_EQ(info.refused[0].name, folder.path() / "cut.nii");
  EXPECT_THAT(info.refused[0].reason, Not(HasSubstr("cut.nii")));
}

TEST(ReadVolume, ReadsEverySharedPictureAtTheSizeOfItsMask) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared data";
  std::map<std::string, std::map<std::string, Extent3>> extents;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*shared / "data" / "images2d")) {
    if (entry.path().extension() != ".png") continue;
    const Volume volume = read_volume(entry.path());
    EXPECT_TRUE(volume.notes.empty()) << entry.path();
    const auto folder = entry.path().parent_path();
    extents[folder.filename()][folder.parent_path().filename() / entry.path().filename()] =
        volume.geometry.extent;
  }
  EXPECT_EQ(extents.at("images").size(), 113U);
  EXPECT_EQ(extents.at("images"), extents.at("masks"));
  EXPECT_EQ(extents.at("images").at("ct_sammed2d_demo/s0114_111.png"), (Extent3{258, 181, 1}));
}

}  // namespace
}  // namespace sonde
