// SPDX-License-Identifier: Apache-2.0
#include <SQLiteCpp/SQLiteCpp.h>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/annotate/disc_project_testing.h"
#include "sonde/annotate/object_record.h"
#include "sonde/core/data_testing.h"
#include "sonde/core/json_text.h"

// test/data/kept_project.sql holds a project of sonde 0.1.0 as it was on the disk, its mask files apart: that
// of every later version opens it, makes the masks again from the history, and replays it.
namespace sonde {
namespace {

using testing::ElementsAre;

class KeptProject : public testing::Test {
 protected:
  KeptProject() {
    std::filesystem::create_directories(path());
    std::ifstream file(test_data_folder() / "kept_project.sql");
    const std::string sql{std::istreambuf_iterator<char>(file), {}};
    SQLite::Database(database(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec(sql);
  }
  std::filesystem::path path() const { return folder_.path() / "project"; }
  std::string database() const { return (path() / "sonde.sqlite").string(); }
  static AnnotationSegmenter segmenter() {
    AnnotationSegmenter picture = disc_segmenter(kPictureGrid);
    picture.ask = [picture = picture.ask, volume = disc_segmenter(oblique_grid()).ask](
                      ImageId image, PlaneRef plane, const PromptWithWindow& prompt, const Mask& inside) {
      return image == 1 ? picture(image, plane, prompt, inside) : volume(image, plane, prompt, inside);
    };
    return picture;
  }

 private:
  TestFolder folder_;
};

std::string title_of(const AnnotatedObject& object) {
  return std::to_string(object.id) + (object.state == ObjectState::approved ? " approved " : " proposed ") +
         std::to_string(object.area) + " " + object.name;
}
std::vector<std::string> titles_of(const std::vector<AnnotatedObject>& objects) {
  std::vector<std::string> titles;
  for (const AnnotatedObject& object : objects) titles.push_back(title_of(object));
  return titles;
}

TEST_F(KeptProject, HasItsImagesLabelsAndObjects) {
  const Project project = Project::open(path());
  EXPECT_EQ(project.overlap(), Overlap::overwrite);
  EXPECT_EQ(project.revision(), 38);
  ASSERT_EQ(project.images().size(), 2U);
  EXPECT_EQ(project.image(1).status, ImageStatus::done);
  EXPECT_EQ(project.image(2).grid->extent, (Extent3{14, 9, 17}));
  ASSERT_EQ(project.labels().size(), 2U);
  EXPECT_EQ(project.labels()[0].name, "liver");
  EXPECT_EQ(project.labels()[1].value, 7);
  EXPECT_THAT(titles_of(project.objects(1)), ElementsAre("1 approved 99 ",
                                                         "4 approved 69 left l\xc3\xb6"
                                                         "be",
                                                         "5 approved 19 ", "6 proposed 12 ", "7 proposed 13 ",
                                                         "8 proposed 12 ", "9 approved 2 from elsewhere"));
  EXPECT_THAT(titles_of(project.objects(2)),
              ElementsAre("10 approved 13 ", "11 proposed 13 ", "12 approved 24 "));
  EXPECT_EQ(voxel_count(project.voxels(4)), 69);
  const Proposal proposal = project.objects(2)[1].proposal.value();
  EXPECT_EQ(proposal.plane, (PlaneRef{Axis::sagittal, 8}));
  EXPECT_EQ(proposal.prompt.value().points.at(0).position, (Point2{5, 5}));
  EXPECT_EQ(proposal.candidates.at(2).area_px, 94);
}

TEST_F(KeptProject, ReplaysToTheSameMasks) {
  const Project project = Project::open(path());
  const Replay replay = project.replay(segmenter());
  EXPECT_EQ(replay.events, 28);  // and three notes
  for (const ReplayFault& fault : replay.faults) ADD_FAILURE() << fault.event << ": " << fault.what;
}

TEST_F(KeptProject, UndoesAndRedoesWhatWasDoneThen) {
  Project project = Project::open(path());
  const std::string client = "0b54f1a2-page";
  EXPECT_EQ(project.changes_since(2, 0, client).undo, "stroke");
  const Changes undone = project.apply(2, "request-101", UndoAction{}, segmenter(), client);
  EXPECT_THAT(undone.removed, ElementsAre(12));
  EXPECT_EQ(project.apply(2, "request-102", RedoAction{}, segmenter(), client).changed.size(), 2U);
}

TEST_F(KeptProject, HoldsTheShapesThatAreWrittenToday) {
  SQLite::Database kept(database());
  SQLite::Statement events(kept, "SELECT input FROM events WHERE role = 'action'");
  std::size_t count = 0;
  for (; events.executeStep(); ++count) {
    const std::string input = events.getColumn(0).getString();
    EXPECT_EQ(parse_json(input_to_json(input_from_json(input))), parse_json(input));
  }
  EXPECT_EQ(count, 25U);
  SQLite::Statement records(kept, "SELECT after FROM changes WHERE after IS NOT NULL");
  while (records.executeStep()) {
    const std::string record = records.getColumn(0).getString();
    EXPECT_EQ(parse_json(record_to_json(record_from_json(record))), parse_json(record));
  }
}

}  // namespace
}  // namespace sonde
