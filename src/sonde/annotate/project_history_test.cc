// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/annotate/disc_project_testing.h"
#include "sonde/annotate/object_record.h"
#include "sonde/core/random.h"

// Undo, redo, replay, several threads.
namespace sonde {
namespace {

using testing::IsEmpty;

// All that undo brings back: the objects and their voxels, without revisions.
using Snapshot = std::vector<std::pair<std::string, RunLengthMask>>;
Snapshot snapshot_of(const Project& project, ImageId image) {
  Snapshot snapshot;
  for (const AnnotatedObject& object : project.objects(image)) {
    ObjectRecord record;
    record.object = object;
    snapshot.emplace_back(record_to_json(record), project.voxels(object.id));
  }
  return snapshot;
}

// Actions of all kinds at random places; many are refused.
class RandomActions {
 public:
  RandomActions(DiscProject& test, std::uint64_t seed) : test_(test), random_(seed) {}

  Action next() {
    switch (random_.below(14)) {
      case 0:
      case 1:
        return ask();
      case 2:
        return ChooseAction{object(), static_cast<std::size_t>(random_.below(3))};
      case 3:
      case 4:
        return AcceptAction{objects(), 1};
      case 5:
        return DeleteAction{objects()};
      case 6:
      case 7:
        return stroke();
      case 8:
        return LassoAction{plane(), std::nullopt, 1, Paint::add, {point(), point(), point(), point()}};
      case 9:
        return NameAction{object(), "name " + std::to_string(random_.below(5))};
      case 10: {
        const std::vector<ObjectId> one{object()};
        return random_.below(3) == 0 ? Action(LockAction{one}) : UnlockAction{one};
      }
      case 11:
        return MergeAction{objects()};
      case 12:
        return random_.below(2) == 0 ? Action(SplitAction{object()}) : DropSpecksAction{{object()}, 8};
      default:
        return everything();
    }
  }

 private:
  SlicePlane axial() const { return slice_plane(test_.grid(), Axis::axial); }
  PlaneRef plane() {
    return plane_at(
        static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(axial().slice_count))));
  }
  Point2 point() {
    return {random_.uniform() * static_cast<double>(axial().extent.width - 1),
            random_.uniform() * static_cast<double>(axial().extent.height - 1)};
  }
  ObjectId object() {
    const auto all = test_.project().objects(test_.image);
    return all.empty() ? 1 : all[random_.below(all.size())].id;
  }
  std::vector<ObjectId> objects() {
    std::vector<ObjectId> some{object(), object()};
    if (some[0] == some[1]) some.pop_back();
    return some;
  }
  Action ask() {
    PromptAction action{plane(), {{{point(), PointLabel::foreground}}, std::nullopt, "auto"}, {}, {}};
    if (random_.below(3) == 0) action.target = object();
    if (random_.below(3) == 0) action.proposal = object();
    return action;
  }
  Action stroke() {
    const auto radius = [&] { return 0.5 + random_.uniform() * 4; };
    StrokeAction action{plane(), std::nullopt, 1, Paint::add, {radius(), radius()}, {point(), point()}};
    if (random_.below(2) == 0) action.object = object();
    if (action.object && random_.below(2) == 0) action.paint = Paint::remove;
    return action;
  }
  Action everything() {
    EverythingAction action{plane(), "auto", {}};
    action.settings.points_per_side = 3;
    return action;
  }

  DiscProject& test_;
  Random random_;
};

// Long random stories: undone to the beginning, redone to the end, opened again in between.
TEST(Undo, BringsBackEveryStateOfALongStory) {
  for (const bool volume : {false, true}) {
    DiscProject test(volume ? oblique_grid() : kPictureGrid);
    RandomActions actions(test, volume ? 21 : 20);
    Random random(22);
    std::vector<Snapshot> states{snapshot_of(test.project(), test.image)};  // along the undo path
    std::size_t at = 0;
    int refused = 0;
    for (int round = 0; round < 200; ++round) {
      const std::uint64_t dice = random.below(10);
      if (dice == 0 && at > 0) {
        test.act(UndoAction{});
        --at;
      } else if (dice == 1 && at + 1 < states.size()) {
        test.act(RedoAction{});
        ++at;
      } else {
        const Revision before = test.project().revision();
        if (dice == 2) test.project().set_overlap(static_cast<Overlap>(random.below(3)));
        const Revision ruled = test.project().revision();
        EXPECT_LE(ruled, before + 1);
        try {
          test.act(actions.next());
        } catch (const Error& error) {
          EXPECT_NE(error.kind(), ErrorKind::internal) << error.what();
          EXPECT_NE(error.kind(), ErrorKind::corrupt_data) << error.what();
          ++refused;
        }
        if (test.project().revision() > ruled) {
          states.resize(++at);
          states.push_back(snapshot_of(test.project(), test.image));
        }
      }
      ASSERT_EQ(snapshot_of(test.project(), test.image), states[at]) << round;
      if (round % 97 == 0) {
        test.reopen();
        ASSERT_EQ(snapshot_of(test.project(), test.image), states[at]) << "opened again in round " << round;
      }
    }
    EXPECT_GT(states.size(), 50U);
    EXPECT_LT(refused, 130);
    while (at > 0) {
      test.act(UndoAction{});
      ASSERT_EQ(snapshot_of(test.project(), test.image), states[--at]);
    }
    EXPECT_EQ(test.refused(UndoAction{}), ErrorKind::conflict);
    test.reopen();
    while (at + 1 < states.size()) {
      test.act(RedoAction{});
      ASSERT_EQ(snapshot_of(test.project(), test.image), states[++at]);
    }
    EXPECT_THAT(test.project().replay(test.segmenter).faults, IsEmpty());
  }
}

TEST(Undo, IsLinear) {
  DiscProject test;
  test.act(stroke_at(5, 5, 2));
  test.act(stroke_at(15, 5, 2));
  Changes changes = test.act(UndoAction{});
  EXPECT_EQ(changes.undo, "stroke");
  EXPECT_EQ(changes.redo, "stroke");
  changes = test.act(prompt_at(25, 25));
  EXPECT_EQ(changes.redo, std::nullopt);
  EXPECT_EQ(test.refused(RedoAction{}), ErrorKind::conflict);
  test.act(UndoAction{});
  test.act(UndoAction{});
  EXPECT_THAT(test.project().objects(test.image), IsEmpty());
}

TEST(Undo, IsEveryImagesOwn) {
  DiscProject test;
  const std::vector<ImageSource> sources{{"/data/b.png", "", 0, "b.png"}};
  const ImageId other = test.project().add_images(sources).front();
  test.project().set_opened(other, kPictureGrid);
  test.act(stroke_at(5, 5, 2));
  test.project().apply(other, "on-the-other", stroke_at(5, 5, 2), test.segmenter);
  test.act(UndoAction{});
  EXPECT_THAT(test.project().objects(test.image), IsEmpty());
  EXPECT_EQ(test.project().objects(other).size(), 1U);
}

TEST(Replay, FindsWhatTheNetworkAnswersDifferently) {
  DiscProject test;
  const ObjectId id = new_object(test.act(prompt_at(10, 10)));
  test.act(AcceptAction{{id}, 1});
  AnnotationSegmenter other = test.segmenter;
  other.ask = [&](ImageId image, PlaneRef plane, const PromptWithWindow& prompt, const Mask& inside) {
    auto candidates = test.segmenter.ask(image, plane, prompt, inside);
    candidates[2].mask.pixels[0] ^= 1;
    return candidates;
  };
  const auto faults = test.project().replay(other).faults;
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].what, "mask 3 of the network differs in 1 voxels");
  other.model_sha256 = std::string(64, 'e');
  const auto not_asked = test.project().replay(other).faults;
  ASSERT_EQ(not_asked.size(), 1U);
  EXPECT_THAT(not_asked[0].what, testing::StartsWith("not asked again: it was another model"));
}

TEST(Replay, KeepsTheClassOfAPromptAndItsObjectScore) {
  DiscProject test;
  const auto discs = test.segmenter.ask;
  test.segmenter.ask = [discs](ImageId image, PlaneRef plane, const PromptWithWindow& prompt,
                               const Mask& inside) {
    auto candidates = discs(image, plane, prompt, inside);
    for (ScoredMask& one : candidates) one.object_score = prompt.class_name == "spleen" ? -1.5 : 2.5;
    return candidates;
  };
  PromptAction by_name;
  by_name.prompt.window = "auto";
  by_name.prompt.class_name = "spleen";
  const ObjectId id = new_object(test.act(by_name));
  EXPECT_EQ(test.object(id).proposal->object_score, -1.5);
  EXPECT_EQ(test.project().history(test.image, 1)[0].summary, "asked with the class spleen: object 1");
  by_name.proposal = id;
  by_name.prompt.class_name = "liver";
  by_name.prompt.points = {{{10, 10}, PointLabel::foreground}};
  test.act(by_name);
  EXPECT_EQ(test.object(id).proposal->object_score, 2.5);
  test.act(UndoAction{});
  test.reopen();
  test.project().set_opened(test.image, test.grid());
  EXPECT_EQ(test.object(id).proposal->object_score, -1.5);
  EXPECT_EQ(test.object(id).proposal->prompt->class_name, "spleen");
  EXPECT_THAT(test.project().replay(test.segmenter).faults, IsEmpty());
}

TEST(Replay, AsksAgainForTheThreeCandidatesThatOldHistoriesKeep) {
  DiscProject test;
  test.act(prompt_at(10, 10));
  AnnotationSegmenter today = test.segmenter;
  today.ask = [&](ImageId image, PlaneRef plane, const PromptWithWindow& prompt, const Mask& inside) {
    auto candidates = test.segmenter.ask(image, plane, prompt, inside);
    candidates.insert(candidates.begin(), {empty_mask({40, 30}), 0.5, 0.5});  // the single answer
    return candidates;
  };
  EXPECT_THAT(test.project().replay(today).faults, IsEmpty());
  const auto changes = test.project().apply(test.image, "four", prompt_at(20, 20), today);
  ASSERT_EQ(changes.changed.size(), 1U);
  EXPECT_EQ(changes.changed[0].proposal->candidates.size(), 4U);
  EXPECT_EQ(changes.changed[0].proposal->chosen, 0U);
  EXPECT_THAT(test.project().replay(today).faults, IsEmpty());
}

TEST(Threads, LoseNoUpdate) {
  DiscProject test;
  constexpr int kEach = 25;
  const auto work = [&](int thread) {
    for (int i = 0; i < kEach; ++i) {
      const std::string request = "thread-" + std::to_string(thread) + "-" + std::to_string(i);
      const double x = 2 + (i % 12) * 3;
      const Action action = thread == 0 ? Action(stroke_at(x, 5, 0.5)) : prompt_at(x, 20);
      if (i < 12) test.project().apply(test.image, request, action, test.segmenter);
      test.project().masks(test.image, {}, std::vector<ObjectId>{1, 2, 3});
      test.project().images();
    }
  };
  std::thread first(work, 0);
  std::thread second(work, 1);
  first.join();
  second.join();
  EXPECT_EQ(test.project().objects(test.image).size(), 24U);
  EXPECT_THAT(test.project().replay(test.segmenter).faults, IsEmpty());
}

TEST(Threads, AskAgainWhereTheTargetHasChangedMeanwhile) {
  DiscProject test;
  const ObjectId target = new_object(test.act(stroke_at(10, 10, 3)));
  std::atomic<int> asked = 0;
  AnnotationSegmenter slow = test.segmenter;
  slow.ask = [&](ImageId image, PlaneRef plane, const PromptWithWindow& prompt, const Mask& inside) {
    if (asked++ == 0) test.act(stroke_on(target, Paint::add, 20, 10, 3));  // somebody else, while it computes
    return test.segmenter.ask(image, plane, prompt, inside);
  };
  PromptAction ask = prompt_at(30, 20);
  ask.target = target;
  const ObjectId proposal = new_object(test.project().apply(test.image, "slow-ask", ask, slow));
  EXPECT_EQ(asked, 2);
  EXPECT_THAT(subtracted(test.project().voxels(target), test.project().voxels(proposal)).runs, IsEmpty());
  EXPECT_THAT(test.project().replay(test.segmenter).faults, IsEmpty());
}

TEST(Threads, RefuseAnAnswerForAnObjectThatHasGoneMeanwhile) {
  DiscProject test;
  const ObjectId target = new_object(test.act(stroke_at(10, 10, 3)));
  AnnotationSegmenter slow = test.segmenter;
  slow.ask = [&](ImageId image, PlaneRef plane, const PromptWithWindow& prompt, const Mask& inside) {
    test.act(DeleteAction{{target}});
    return test.segmenter.ask(image, plane, prompt, inside);
  };
  PromptAction ask = prompt_at(30, 20);
  ask.target = target;
  try {
    test.project().apply(test.image, "slow-ask", ask, slow);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::conflict);
  }
  EXPECT_THAT(test.project().objects(test.image), IsEmpty());
}

TEST(Threads, DoARequestOnceThatComesTwiceAtTheSameTime) {
  DiscProject test;
  AnnotationSegmenter slow = test.segmenter;
  slow.ask = [&](ImageId image, PlaneRef plane, const PromptWithWindow& prompt, const Mask& inside) {
    test.project().apply(test.image, "twice", prompt_at(10, 10), test.segmenter);  // the other one is faster
    return test.segmenter.ask(image, plane, prompt, inside);
  };
  test.project().apply(test.image, "twice", prompt_at(10, 10), slow);
  EXPECT_EQ(test.project().objects(test.image).size(), 1U);
}

}  // namespace
}  // namespace sonde
