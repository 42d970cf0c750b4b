// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/annotate/disc_project_testing.h"
#include "sonde/annotate/versions_testing.h"
#include "sonde/core/random.h"

// Several pages on one image: each takes back its own.
namespace sonde {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Pages : public testing::Test {
 protected:
  Changes act(const std::string& client, const Action& action) {
    return test_.project().apply(test_.image, client + "-" + std::to_string(++requests_), action,
                                 test_.segmenter, client);
  }
  // Why it is refused.
  std::string refused(const std::string& client, const Action& action) {
    const Revision before = test_.project().revision();
    try {
      act(client, action);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::conflict);
      EXPECT_EQ(test_.project().revision(), before);
      return error.what();
    }
    return "was done";
  }
  std::vector<RunLengthMask> voxels() {
    std::vector<RunLengthMask> all;
    for (const AnnotatedObject& object : test_.project().objects(test_.image))
      all.push_back(test_.project().voxels(object.id));
    return all;
  }

  DiscProject test_;
  int requests_ = 0;
};

TEST_F(Pages, TakeBackTheirOwnWhateverTheOthersHaveDoneSince) {
  const ObjectId a = new_object(act("page-a", stroke_at(5, 5, 2)));
  const Changes second = act("page-b", stroke_at(20, 5, 2));
  EXPECT_EQ(second.undo, "stroke");
  const ObjectId b = new_object(second);
  act("page-b", NameAction{b, "b"});
  const Changes undone = act("page-a", UndoAction{});
  EXPECT_THAT(undone.removed, testing::ElementsAre(a));
  EXPECT_EQ(undone.undo, std::nullopt);
  EXPECT_EQ(undone.redo, "stroke");
  EXPECT_EQ(test_.object(b).name, "b");
  EXPECT_EQ(refused("page-a", UndoAction{}), "there is nothing to undo");
  EXPECT_EQ(refused("page-c", UndoAction{}), "there is nothing to undo");
  EXPECT_EQ(test_.project().changes_since(test_.image, 0, "page-b").undo, "name");
  EXPECT_EQ(refused("page-b", RedoAction{}), "there is nothing to redo") << "it is the other page's";
  act("page-b", UndoAction{});
  EXPECT_EQ(test_.object(b).name, "");
  act("page-a", RedoAction{});
  EXPECT_TRUE(test_.has(a));
  EXPECT_THAT(test_.project().replay(test_.segmenter).faults, IsEmpty());
  test_.reopen();
  EXPECT_EQ(act("page-b", RedoAction{}).undo, "name");
  EXPECT_EQ(act("page-a", UndoAction{}).redo, "stroke");
}

TEST_F(Pages, DoNotTakeBackWhatAnotherHasBuiltOn) {
  const ObjectId id = new_object(act("page-a", stroke_at(10, 10, 4)));
  act("page-b", stroke_on(id, Paint::remove, 10, 10, 2));
  const auto before = voxels();
  EXPECT_EQ(refused("page-a", UndoAction{}),
            "object 1 has been changed by another page since: \"stroke\" is not undone");
  EXPECT_EQ(voxels(), before);
  act("page-b", UndoAction{});
  act("page-a", UndoAction{});
  EXPECT_FALSE(test_.has(id));
  EXPECT_THAT(refused("page-b", RedoAction{}), HasSubstr("\"stroke\" is not redone"));
  act("page-a", RedoAction{});
  act("page-b", RedoAction{});
  EXPECT_EQ(voxels(), before);
  EXPECT_THAT(test_.project().replay(test_.segmenter).faults, IsEmpty());
}

TEST_F(Pages, DoNotGetPixelsBackThatHaveBecomeAnothersMeanwhile) {
  const ObjectId id = new_object(act("page-a", stroke_at(10, 10, 4)));
  act("page-a", stroke_on(id, Paint::remove, 10, 10, 2));
  act("page-b", stroke_at(10, 10, 1));
  EXPECT_EQ(refused("page-a", UndoAction{}),
            "pixels that object 1 would get back have become object 2's: \"stroke\" is not undone");
  test_.project().set_overlap(Overlap::allow);
  act("page-a", UndoAction{});
  EXPECT_THAT(test_.project().replay(test_.segmenter).faults, IsEmpty());
}

TEST_F(Pages, GiveUpWhatTheyCouldDoAgainWithTheirOwnNextActionAlone) {
  act("page-a", stroke_at(5, 5, 2));
  act("page-a", UndoAction{});
  EXPECT_EQ(act("page-b", stroke_at(20, 5, 2)).redo, std::nullopt);
  EXPECT_EQ(test_.project().changes_since(test_.image, 0, "page-a").redo, "stroke");
  EXPECT_EQ(act("page-a", stroke_at(30, 5, 2)).redo, std::nullopt);
  EXPECT_EQ(refused("page-a", RedoAction{}), "there is nothing to redo");
}

TEST_F(Pages, MayTakeBackWhatNobodyOwns) {
  test_.act(stroke_at(5, 5, 2));
  EXPECT_EQ(act("page-a", UndoAction{}).redo, "stroke");
  act("page-a", RedoAction{});
  act("page-a", stroke_at(20, 5, 2));
  EXPECT_EQ(test_.act(UndoAction{}).undo, std::nullopt) << "no client: only what nobody owns";
  EXPECT_EQ(test_.project().objects(test_.image).size(), 1U);
}

// A project of version 1, whose history knows no clients.
TEST_F(Pages, UndoAnOlderProjectToItsBeginning) {
  test_.act(stroke_at(5, 5, 2));
  test_.act(stroke_at(15, 5, 2));
  test_.act(UndoAction{});
  test_.close();
  make_version_1(test_.path() / "sonde.sqlite");
  test_.reopen();
  EXPECT_EQ(test_.project().objects(test_.image).size(), 1U);
  act("page-a", RedoAction{});
  EXPECT_EQ(test_.project().objects(test_.image).size(), 2U);
  act("page-a", UndoAction{});
  act("page-a", UndoAction{});
  EXPECT_THAT(test_.project().objects(test_.image), IsEmpty());
  EXPECT_THAT(test_.project().replay(test_.segmenter).faults, IsEmpty());
}

// Three pages at random on few pixels: whatever is refused, the history replays, no object loses what others
// have not touched, and approved objects share no pixel.
TEST_F(Pages, NeverTearAnObject) {
  Random random(7);
  const auto coordinate = [&] { return 4 + 4 * static_cast<double>(random.below(5)); };
  int undone = 0, refusals = 0;
  for (int round = 0; round < 400; ++round) {
    const std::string client = "page-" + std::to_string(random.below(3));
    const auto objects = test_.project().objects(test_.image);
    try {
      switch (random.below(7)) {
        case 0:
        case 1:
          act(client, UndoAction{});
          ++undone;
          break;
        case 2:
          act(client, RedoAction{});
          break;
        case 3:
          act(client, stroke_at(coordinate(), coordinate(), 3));
          break;
        default:
          if (objects.empty()) break;
          act(client,
              stroke_on(objects[random.below(objects.size())].id,
                        random.below(2) == 0 ? Paint::add : Paint::remove, coordinate(), coordinate(), 3));
      }
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::conflict) << error.what();
      ++refusals;
    }
    RunLengthMask seen{test_.grid().extent, {}};
    for (const RunLengthMask& set : voxels()) {
      ASSERT_THAT(intersected(seen, set).runs, IsEmpty()) << round;
      seen = united(seen, set);
    }
    if (round % 80 == 0) test_.reopen();
  }
  EXPECT_GT(undone, 40);
  EXPECT_GT(refusals, 20);
  EXPECT_THAT(test_.project().replay(test_.segmenter).faults, IsEmpty());
}

}  // namespace
}  // namespace sonde
