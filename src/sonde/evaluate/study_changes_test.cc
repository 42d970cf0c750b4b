// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/study_changes.h"

#include <iterator>

#include "sonde/evaluate/data_set_testing.h"
#include "sonde/evaluate/segmenter_testing.h"
#include "sonde/evaluate/study.h"
#include "sonde/evaluate/study_folder.h"
#include "sonde/io/picture/picture_testing.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A study of what stands in set/, which goes on with every run.
class GoingOn : public testing::Test {
 protected:
  fs::path file(const std::string& name) const { return folder_.path() / "set" / name; }
  // As the command does it. Returns results.csv.
  std::string run(const std::string& out = "out") {
    const std::vector<DataSetPlan> plans = plan_data_sets(std::vector{file("")}, {});
    const fs::path folder = folder_.path() / out;
    fs::create_directories(folder);
    changes_ = drop_changed(folder, plans);
    model_.pictures = 0;
    StudyDescription study{"title", {}, {}, {}, 1, {}};
    for (const DataSetPlan& plan : plans) study.expected.push_back(expected_of(plan));
    {
      Journal journal(journal_path(folder));
      StudyRun run;
      run.protocol.clicks = 1;
      auto failures = run_tasks(plans, run, model_.open(), journal);
      write_results(folder, study, journal, {task_keys(plans), failures, Completeness::complete});
    }
    tidy_journal(folder, task_keys(plans));
    return text(folder / "results.csv");
  }
  static std::string text(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void pictures() const {
    for (const char* id : {"1", "2"}) {
      write_flat(file("images/" + std::string(id) + ".png"), 8, 4);
      write_grey(file("masks/" + std::string(id) + ".png"), 8, square(9));
    }
  }
  // 2 x 2 pixels of 8 x 4, the first at `at`.
  static std::vector<std::uint8_t> square(std::size_t at) {
    std::vector<std::uint8_t> values(32, 0);
    for (const std::size_t pixel : {at, at + 1, at + 8, at + 9}) values[pixel] = 1;
    return values;
  }
  // Other bytes of the same size and time.
  static void change_unseen(const fs::path& path, char from, char to) {
    const auto time = fs::last_write_time(path);
    std::string bytes = text(path);
    const auto at = bytes.rfind(from);
    ASSERT_NE(at, std::string::npos);
    bytes[at] = to;
    write_text(path, bytes);
    fs::last_write_time(path, time);
  }

  // As versions wrote it that kept none.
  void forget_content() const {
    const fs::path journal = folder_.path() / "out/journal";
    std::string old;
    for (const std::string& json : read_records(journal)) {
      TaskRecord record = task_record_from_json(json);
      record.content = {};
      old += record_line(to_json(record));
    }
    write_text(journal, old);
  }

  TestFolder folder_;
  FakeModel model_;
  StudyChanges changes_;
};

TEST_F(GoingOn, AsksAgainWhereAnImageHasChangedAndEndsAsAFreshRun) {
  pictures();
  run();
  EXPECT_THAT(lines_of(changes_), IsEmpty());
  write_flat(file("images/1.png"), 8, 4, 200);
  const std::string again = run();
  EXPECT_EQ(model_.pictures, 1);
  EXPECT_THAT(lines_of(changes_), ElementsAre(file("images/1.png").string() +
                                              ": has changed since its results were written: done again"));
  EXPECT_EQ(again, run("fresh"));
  run();
  EXPECT_EQ(model_.pictures, 0);
  EXPECT_THAT(lines_of(changes_), IsEmpty());
}

TEST_F(GoingOn, AsksAgainWhereAMaskOfTheSameAreaHasMoved) {
  pictures();
  const std::string before = run();
  write_grey(file("masks/2.png"), 8, square(12));
  const std::string again = run();
  EXPECT_EQ(model_.pictures, 1);
  EXPECT_THAT(lines_of(changes_), ElementsAre(HasSubstr("images/2.png: its labels have changed")));
  EXPECT_NE(again, before);
  EXPECT_EQ(again, run("fresh"));
}

TEST_F(GoingOn, SeesOtherBytesOfTheSameSizeAndTime) {
  const std::vector<std::uint8_t> box{0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0,
                                      0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0};
  write_volume(file("images/v.nrrd"), {4, 4, 2}, oblique_rows(), std::vector<std::uint8_t>(32, 'a'));
  write_volume(file("labels/v.nrrd"), {4, 4, 2}, oblique_rows(), box);
  run();
  change_unseen(file("images/v.nrrd"), 'a', 'b');
  const std::string again = run();
  EXPECT_EQ(model_.pictures, 2);  // slices
  EXPECT_THAT(lines_of(changes_), ElementsAre(HasSubstr("v.nrrd: has changed")));
  EXPECT_EQ(again, run("fresh"));
  EXPECT_THAT(again, HasSubstr(",volume,"));
}

TEST_F(GoingOn, DropsWhatIsGoneAndTakesWhatIsNew) {
  pictures();
  run();
  fs::remove(file("images/1.png"));
  fs::remove(file("masks/1.png"));
  write_flat(file("images/3.png"), 8, 4);
  write_grey(file("masks/3.png"), 8, square(9));
  const std::string again = run();
  EXPECT_EQ(model_.pictures, 1);
  EXPECT_THAT(lines_of(changes_), ElementsAre(HasSubstr("set: 1.png: is no longer among the images")));
  EXPECT_EQ(again, run("fresh"));
}

TEST_F(GoingOn, TakesAnnotationsPictureByPicture) {
  const std::string head = R"({"images": [{"id": 1, "file_name": "1.png", "width": 8, "height": 4},
                               {"id": 2, "file_name": "2.png", "width": 8, "height": 4}], "annotations": [)";
  const std::string first =
      R"({"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[1, 1, 3, 1, 3, 3, 1, 3]]},)";
  const auto second = [](const char* shape) {
    return R"({"id": 2, "image_id": 2, "category_id": 1, "segmentation": [[)" + std::string(shape) + "]]}]}";
  };
  for (const char* name : {"images/1.png", "images/2.png"}) write_flat(file(name), 8, 4);
  write_text(file("set.json"), head + first + second("1, 1, 3, 1, 3, 3, 1, 3"));
  run();
  write_text(file("set.json"), head + first + second("4, 1, 6, 1, 6, 3, 4, 3"));
  const std::string again = run();
  EXPECT_EQ(model_.pictures, 1);
  EXPECT_THAT(lines_of(changes_), ElementsAre(HasSubstr("2.png: its labels have changed")));
  EXPECT_EQ(again, run("fresh"));
}

TEST_F(GoingOn, KeepsResultsOfVersionsThatKeptNoContentAndSaysSoOnce) {
  pictures();
  run();
  forget_content();
  run();
  EXPECT_EQ(model_.pictures, 0);
  EXPECT_THAT(lines_of(changes_), ElementsAre(HasSubstr("results of 2 images are kept")));
  run();
  EXPECT_THAT(lines_of(changes_), IsEmpty());
  write_flat(file("images/1.png"), 8, 4, 200);
  run();
  EXPECT_EQ(model_.pictures, 1);
}

TEST_F(GoingOn, AsksAgainOfPicturesThatTheseVersionsDidNotTurn) {
  pictures();
  write_text(file("images/1.png"), with_orientation(text(file("images/1.png")), 3));
  run();
  forget_content();
  run();
  EXPECT_EQ(model_.pictures, 1);
  EXPECT_THAT(lines_of(changes_),
              ElementsAre(HasSubstr("1.png: has come to be turned as its orientation says"),
                          HasSubstr("results of 1 images are kept")));
  run();
  EXPECT_THAT(lines_of(changes_), IsEmpty());
}

TEST_F(GoingOn, NamesAFewOfManyChanges) {
  StudyChanges many;
  for (int i = 0; i < 12; ++i) many.changed.push_back({std::to_string(i) + ".png"});
  EXPECT_THAT(lines_of(many), testing::SizeIs(11));
  EXPECT_EQ(lines_of(many).back(), "and 2 more have changed");
}

}  // namespace
}  // namespace sonde
