// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/embedding_store.h"

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "sonde/core/folder_testing.h"
#include "sonde/predict/embedding_impl.h"
#include "sonde/predict/model_testing.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

const SamModel& model() {
  static const SamModel tiny = tiny_model();
  return tiny;
}

bool same_features(const Embedding& a, const Embedding& b) {
  return a.picture() == b.picture() && a.impl().features == b.impl().features;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& item : fs::directory_iterator(folder)) files.push_back(item.path());
  return files;
}

// An embedding that nothing was computed for: 256 KB on the disk and a bit.
Embedding made_up(const RgbImage& picture, float value) {
  const std::vector<float> features(std::size_t{64} * 64 * 32, value);
  return {picture.extent, std::make_shared<const Embedding::Impl>(features)};
}

RgbImage one_pixel(int grey) {
  return {{1, 1}, std::vector<std::uint8_t>(3, static_cast<std::uint8_t>(grey))};
}

TEST(EmbeddingStore, GivesBackWhatWasPutToTheBit) {
  const TestFolder folder;
  const EmbeddingStore store({.folder = folder.path() / "new" / "folders"});
  const RgbImage picture = test_picture({20, 10});
  EXPECT_FALSE(store.find(model(), picture));
  const Embedding computed = embed_with_store(model(), picture, store);
  const auto found = store.find(model(), picture);
  ASSERT_TRUE(found);
  EXPECT_TRUE(same_features(*found, computed));
  EXPECT_TRUE(same_features(embed_with_store(model(), picture, store), computed));
  EXPECT_EQ(files_in(folder.path() / "new" / "folders").size(), 1U);
}

TEST(EmbeddingStore, KeepsTheEncodersOwnValuesWhereAsked) {
  const TestFolder folder;
  const EmbeddingStore whole({.folder = folder.path(), .values = StoredValues::fp32});
  const RgbImage picture = test_picture({20, 10});
  const Embedding computed = embed(model(), picture);
  EXPECT_TRUE(same_features(embed_with_store(model(), picture, whole), computed));
  ASSERT_TRUE(whole.find(model(), picture));
  EXPECT_TRUE(same_features(*whole.find(model(), picture), computed));
  const EmbeddingStore half({.folder = folder.path()});
  EXPECT_FALSE(half.find(model(), picture)) << "an entry of the other kind";
}

TEST(EmbeddingStore, RoundsToHalfPrecisionOnly) {
  const TestFolder folder;
  const RgbImage picture = test_picture({20, 10});
  const Embedding exact = embed(model(), picture);
  const Embedding stored = embed_with_store(model(), picture, EmbeddingStore({.folder = folder.path()}));
  ASSERT_EQ(exact.impl().features.size(), stored.impl().features.size());
  for (std::size_t i = 0; i < exact.impl().features.size(); ++i) {
    const float value = exact.impl().features[i];
    ASSERT_NEAR(stored.impl().features[i], value, 1e-3 * std::abs(value) + 1e-6);
  }
}

TEST(EmbeddingStore, TellsPicturesModelsAndPrecisionsApart) {
  const TestFolder folder;
  const EmbeddingStore store({.folder = folder.path()});
  const RgbImage wide{{2, 1}, {1, 2, 3, 4, 5, 6}};
  const RgbImage tall{{1, 2}, {1, 2, 3, 4, 5, 6}};
  const RgbImage other{{2, 1}, {1, 2, 3, 4, 5, 7}};
  store.put(model(), wide, made_up(wide, 1));
  EXPECT_TRUE(store.find(model(), wide));
  EXPECT_FALSE(store.find(model(), tall));
  EXPECT_FALSE(store.find(model(), other));
  EXPECT_FALSE(store.find(tiny_model(2), wide));
  EXPECT_FALSE(store.find(tiny_model(1, {.precision = Precision::bf16}), wide));
  EXPECT_TRUE(store.find(tiny_model(1), wide));
}

TEST(EmbeddingStore, DropsADamagedEntryAndComputesAgain) {
  const TestFolder folder;
  const EmbeddingStore store({.folder = folder.path()});
  const RgbImage picture = test_picture({20, 10});
  const Embedding computed = embed_with_store(model(), picture, store);
  const fs::path entry = files_in(folder.path()).front();
  const auto size = fs::file_size(entry);
  for (const std::uintmax_t at :
       {std::uintmax_t{0}, std::uintmax_t{20}, std::uintmax_t{90}, size / 2, size - 1}) {
    std::fstream(entry, std::ios::in | std::ios::out | std::ios::binary)
        .seekp(static_cast<std::streamoff>(at))
        .put('\x7f');
    EXPECT_FALSE(store.find(model(), picture)) << at;
    EXPECT_FALSE(fs::exists(entry)) << at;
    EXPECT_TRUE(same_features(embed_with_store(model(), picture, store), computed)) << at;
  }
}

TEST(EmbeddingStore, DropsAnEntryThatIsCut) {
  const TestFolder folder;
  const EmbeddingStore store({.folder = folder.path()});
  const RgbImage picture = one_pixel(1);
  for (const std::uintmax_t size : {0, 1, 17, 100, 200, 5000}) {
    store.put(model(), picture, made_up(picture, 1));
    const fs::path entry = files_in(folder.path()).front();
    fs::resize_file(entry, size);
    EXPECT_FALSE(store.find(model(), picture)) << size;
    EXPECT_FALSE(fs::exists(entry)) << size;
  }
}

TEST(EmbeddingStore, DropsAnEntryOfAnotherSize) {
  const TestFolder folder;
  const EmbeddingStore store({.folder = folder.path()});
  const std::vector<float> few(7, 1);
  store.put(model(), one_pixel(1), {{1, 1}, std::make_shared<const Embedding::Impl>(few)});
  EXPECT_FALSE(store.find(model(), one_pixel(1)));
  EXPECT_TRUE(files_in(folder.path()).empty());
}

TEST(EmbeddingStore, DropsAnEntryUnderAnothersName) {
  const TestFolder folder;
  const EmbeddingStore store({.folder = folder.path()});
  store.put(model(), one_pixel(1), made_up(one_pixel(1), 1));
  const fs::path first = files_in(folder.path()).front();
  fs::rename(first, folder.path() / "kept");
  store.put(model(), one_pixel(2), made_up(one_pixel(2), 2));
  for (const fs::path& file : files_in(folder.path())) {
    if (file.filename() != "kept") fs::rename(folder.path() / "kept", file);
  }
  EXPECT_FALSE(store.find(model(), one_pixel(2)));
}

TEST(EmbeddingStore, ForgetsWhatWasNotUsedForTheLongestTime) {
  const TestFolder folder;
  const EmbeddingStore unlimited({.folder = folder.path()});
  unlimited.put(model(), one_pixel(0), made_up(one_pixel(0), 0));
  const std::uint64_t each = unlimited.size_bytes();
  EXPECT_GT(each, 32U * 64 * 64 * 2);
  const EmbeddingStore store({.folder = folder.path(), .limit_bytes = 3 * each + each / 2});
  const auto now = fs::file_time_type::clock::now();
  for (int i = 1; i <= 2; ++i) store.put(model(), one_pixel(i), made_up(one_pixel(i), 0));
  for (const fs::path& file : files_in(folder.path())) fs::last_write_time(file, now - std::chrono::hours(1));
  ASSERT_TRUE(store.find(model(), one_pixel(0)));  // which is a use
  store.put(model(), one_pixel(3), made_up(one_pixel(3), 0));
  EXPECT_EQ(store.size_bytes(), 3 * each);
  EXPECT_TRUE(store.find(model(), one_pixel(0)));
  EXPECT_TRUE(store.find(model(), one_pixel(3)));
  EXPECT_NE(store.find(model(), one_pixel(1)).has_value(), store.find(model(), one_pixel(2)).has_value());
}

TEST(EmbeddingStore, KeepsNothingThatIsLargerThanItsLimit) {
  const TestFolder folder;
  const EmbeddingStore store({.folder = folder.path(), .limit_bytes = 1000});
  store.put(model(), one_pixel(1), made_up(one_pixel(1), 1));
  EXPECT_EQ(store.size_bytes(), 0U);
}

TEST(EmbeddingStore, LeavesFilesAloneThatAreNotItsOwn) {
  const TestFolder folder;
  std::ofstream(folder.path() / "notes.txt") << std::string(1000000, 'x');
  const EmbeddingStore store({.folder = folder.path(), .limit_bytes = 500000});
  store.put(model(), one_pixel(1), made_up(one_pixel(1), 1));
  EXPECT_TRUE(fs::exists(folder.path() / "notes.txt"));
  EXPECT_TRUE(store.find(model(), one_pixel(1)));
}

TEST(EmbeddingStore, ThatCannotBeWrittenIsNoError) {
  const TestFolder folder;
  std::ofstream(folder.path() / "file") << "in the way";
  const EmbeddingStore store({.folder = folder.path() / "file" / "below"});
  const RgbImage picture = test_picture({20, 10});
  EXPECT_TRUE(
      same_features(embed_with_store(model(), picture, store), embed_with_store(model(), picture, store)));
  EXPECT_FALSE(store.find(model(), picture));
  EXPECT_EQ(store.size_bytes(), 0U);
}

TEST(EmbeddingStore, MayBeUsedFromManyThreads) {
  const TestFolder folder;
  const EmbeddingStore store({.folder = folder.path(), .limit_bytes = 1200000});  // about four entries
  std::vector<std::thread> threads;
  for (int worker = 0; worker < 4; ++worker) {
    threads.emplace_back([&store, worker] {
      for (int i = 0; i < 20; ++i) {
        const RgbImage picture = one_pixel((i * 7 + worker) % 6);
        const auto value = static_cast<float>(picture.pixels[0]);
        if (const auto found = store.find(model(), picture)) {
          EXPECT_EQ(found->impl().features.front(), value);
        } else {
          store.put(model(), picture, made_up(picture, value));
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(store.size_bytes(), 2400000U);
}

}  // namespace
}  // namespace sonde
