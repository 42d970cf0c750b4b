// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/annotate/disc_project_testing.h"
#include "sonde/core/random.h"

// What actions may do to objects, and what they may not.
namespace sonde {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RunLengthMask disc(double x, double y, double radius) {
  PromptWithWindow prompt;
  prompt.points = {{{x, y}, PointLabel::foreground}};
  const Mask mask = disc_answer({40, 30}, prompt, radius, {});
  return voxels_from_mask({kPictureGrid.extent, mask.pixels});
}

TEST(Overlap, LeavesTheOthersTheirPixelsByDefault) {
  DiscProject test;
  const ObjectId first = new_object(test.act(stroke_at(10, 10, 4)));
  const Changes changes = test.act(stroke_at(13, 10, 4));
  ASSERT_EQ(changes.changed.size(), 1U);
  EXPECT_EQ(test.project().voxels(first), disc(10, 10, 4));
  EXPECT_EQ(test.project().voxels(new_object(changes)), subtracted(disc(13, 10, 4), disc(10, 10, 4)));
  EXPECT_EQ(test.refused(stroke_at(10, 10, 2)), ErrorKind::conflict) << "nothing would be left";
}

TEST(Overlap, TakesThePixelsUnderOverwriteButNotFromALockedObject) {
  DiscProject test;
  test.project().set_overlap(Overlap::overwrite);
  const ObjectId open = new_object(test.act(stroke_at(10, 10, 4)));
  const ObjectId locked = new_object(test.act(stroke_at(25, 10, 4)));
  test.act(LockAction{{locked}});
  StrokeAction across = stroke_at(0, 0, 3);
  across.points = {{10, 10}, {25, 10}};
  const Changes changes = test.act(across);
  ASSERT_EQ(changes.changed.size(), 2U);
  const ObjectId last = changes.changed[1].id;
  EXPECT_EQ(test.project().voxels(locked), disc(25, 10, 4));
  EXPECT_THAT(intersected(test.project().voxels(last), disc(25, 10, 4)).runs, IsEmpty());
  EXPECT_THAT(intersected(test.project().voxels(last), test.project().voxels(open)).runs, IsEmpty());
  EXPECT_EQ(united(test.project().voxels(last), disc(10, 10, 4)),
            united(test.project().voxels(last), test.project().voxels(open)));
  test.act(UndoAction{});
  EXPECT_EQ(test.project().voxels(open), disc(10, 10, 4));
}

TEST(Overlap, SaysWhatOverwriteTakesAndRemovesWhatItEmpties) {
  DiscProject test;
  test.project().set_overlap(Overlap::overwrite);
  const ObjectId whole = new_object(test.act(stroke_at(10, 10, 2)));
  const ObjectId part = new_object(test.act(stroke_at(20, 10, 4)));
  const ObjectId beside = new_object(test.act(stroke_at(33, 20, 2)));
  const std::int64_t before = test.object(whole).area + test.object(part).area;
  StrokeAction across = stroke_at(0, 0, 4);
  across.points = {{10, 10}, {17, 10}};
  const Changes changes = test.act(across);
  EXPECT_THAT(changes.removed, ElementsAre(whole));
  ASSERT_TRUE(changes.taken);
  EXPECT_EQ(changes.taken->objects, 2);
  EXPECT_EQ(changes.taken->removed, 1);
  EXPECT_EQ(changes.taken->voxels, before - test.object(part).area);
  EXPECT_THAT(test.project().history(test.image, 1)[0].summary,
              testing::MatchesRegex(
                  "stroke added to object 4, taking [0-9]+ voxels from 2 objects, 1 of them whole"));
  EXPECT_FALSE(test.act(NameAction{beside, "x"}).taken);
  test.act(UndoAction{});
  test.act(UndoAction{});
  EXPECT_EQ(test.project().voxels(whole), disc(10, 10, 2));
  EXPECT_EQ(test.project().voxels(part), disc(20, 10, 4));
  test.act(RedoAction{});
  EXPECT_FALSE(test.has(whole));
  EXPECT_THAT(test.project().replay(test.segmenter).faults, IsEmpty());
}

TEST(Objects, ThatLoseTheirLastPixelAreGone) {
  DiscProject test;
  const ObjectId erased = new_object(test.act(stroke_at(10, 10, 2)));
  EXPECT_THAT(test.act(stroke_on(erased, Paint::remove, 10, 10, 4)).removed, ElementsAre(erased));
  EXPECT_EQ(test.project().image(test.image).approved, 0);
  test.act(UndoAction{});
  EXPECT_EQ(test.project().voxels(erased), disc(10, 10, 2));
  const ObjectId proposal = new_object(test.act(prompt_at(25, 10)));
  test.act(stroke_on(proposal, Paint::remove, 25, 10, 9));
  EXPECT_EQ(test.object(proposal).area, 0) << "a proposal is still there to be asked again";
}

TEST(Overlap, SharesThePixelsUnderAllow) {
  DiscProject test;
  test.project().set_overlap(Overlap::allow);
  const ObjectId first = new_object(test.act(stroke_at(10, 10, 4)));
  const ObjectId second = new_object(test.act(stroke_at(13, 10, 4)));
  EXPECT_EQ(test.project().voxels(first), disc(10, 10, 4));
  EXPECT_EQ(test.project().voxels(second), disc(13, 10, 4));
  test.reopen();
  EXPECT_EQ(test.project().overlap(), Overlap::allow);
}

TEST(Overlap, IsAppliedInTheOrderOfAcceptance) {
  DiscProject test;
  const ObjectId a = new_object(test.act(prompt_at(10, 10)));
  const ObjectId b = new_object(test.act(prompt_at(12, 10)));
  const RunLengthMask set_a = test.project().voxels(a);
  const RunLengthMask set_b = test.project().voxels(b);
  test.act(AcceptAction{{b, a}, 1});
  EXPECT_EQ(test.project().voxels(b), set_b);
  EXPECT_EQ(test.project().voxels(a), subtracted(set_a, set_b));
}

TEST(Accept, LeavesAProposalThatWouldHaveNoPixels) {
  DiscProject test;
  test.act(stroke_at(10, 10, 8));
  const ObjectId under = new_object(test.act(prompt_at(10, 10)));
  const ObjectId beside = new_object(test.act(prompt_at(30, 20)));
  EXPECT_EQ(test.refused(AcceptAction{{under}, 1}), ErrorKind::conflict);
  const Changes changes = test.act(AcceptAction{{under, beside}, 1});
  ASSERT_EQ(changes.changed.size(), 1U);
  EXPECT_EQ(changes.changed[0].id, beside);
  EXPECT_EQ(test.object(under).state, ObjectState::proposed);
}

TEST(Proposals, NeverChangeAnythingElse) {
  for (const Overlap overlap : {Overlap::keep, Overlap::overwrite, Overlap::allow}) {
    DiscProject test;
    test.project().set_overlap(overlap);
    const ObjectId approved = new_object(test.act(stroke_at(10, 10, 4)));
    const ObjectId locked = new_object(test.act(stroke_at(25, 10, 4)));
    test.act(LockAction{{locked}});
    const Revision before = test.object(approved).revision;
    const ObjectId proposal = new_object(test.act(prompt_at(12, 10)));
    test.act(ChooseAction{proposal, 2});
    test.act(stroke_on(proposal, Paint::add, 24, 10, 5));
    test.act(stroke_on(proposal, Paint::remove, 10, 10, 3));
    test.act(FillHolesAction{{proposal}, Axis::axial});
    test.act(EverythingAction{{}, "auto", {}});
    PromptAction again = prompt_at(25, 10);
    again.proposal = proposal;
    test.act(again);
    EXPECT_EQ(test.project().voxels(approved), disc(10, 10, 4));
    EXPECT_EQ(test.project().voxels(locked), disc(25, 10, 4));
    EXPECT_EQ(test.object(approved).revision, before);
  }
}

TEST(Lock, RefusesEverythingButUnlock) {
  DiscProject test;
  const ObjectId other = new_object(test.act(stroke_at(30, 20, 3)));
  const ObjectId id = new_object(test.act(stroke_at(10, 10, 4)));
  test.act(LockAction{{id}});
  PromptAction ask = prompt_at(10, 10);
  ask.target = id;
  const std::vector<Action> all{ask,
                                DeleteAction{{id}},
                                stroke_on(id, Paint::add, 20, 20, 2),
                                stroke_on(id, Paint::remove, 10, 10, 2),
                                LassoAction{{}, id, 0, Paint::add, {{1, 1}, {9, 1}, {1, 9}}},
                                RelabelAction{{other, id}, 1},
                                NameAction{id, "x"},
                                MergeAction{{other, id}},
                                SplitAction{id},
                                FillHolesAction{{id}, Axis::axial},
                                DropSpecksAction{{id}, 100}};
  for (const Action& action : all) EXPECT_EQ(test.refused(action), ErrorKind::conflict) << kind_of(action);
  EXPECT_EQ(test.project().voxels(id), disc(10, 10, 4));
  test.act(UnlockAction{{id}});
  test.act(NameAction{id, "x"});
  EXPECT_EQ(test.object(id).name, "x");
}

TEST(Lock, RefusesTheAcceptanceOfAProposalForALockedTarget) {
  DiscProject test;
  const ObjectId id = new_object(test.act(stroke_at(10, 10, 4)));
  PromptAction ask = prompt_at(14, 10);
  ask.target = id;
  const ObjectId proposal = new_object(test.act(ask));
  test.act(LockAction{{id}});
  EXPECT_EQ(test.refused(AcceptAction{{proposal}, 1}), ErrorKind::conflict);
  test.act(UnlockAction{{id}});
  test.act(DeleteAction{{id}});
  EXPECT_EQ(test.refused(AcceptAction{{proposal}, 1}), ErrorKind::conflict);
}

TEST(Shapes, MergeIntoTheFirst) {
  DiscProject test;
  const ObjectId a = new_object(test.act(stroke_at(10, 10, 3)));
  const ObjectId b = new_object(test.act(stroke_at(20, 10, 3)));
  const ObjectId c = new_object(test.act(stroke_at(30, 10, 3)));
  const Changes changes = test.act(MergeAction{{b, c, a}});
  EXPECT_THAT(changes.removed, ElementsAre(a, c));
  EXPECT_EQ(test.project().voxels(b), united(united(disc(10, 10, 3), disc(20, 10, 3)), disc(30, 10, 3)));
  const Changes parts = test.act(SplitAction{b});
  EXPECT_EQ(parts.changed.size(), 3U);
  EXPECT_EQ(test.project().voxels(b), disc(10, 10, 3)) << "of equal parts the first stays";
  EXPECT_EQ(test.object(parts.changed[1].id).source, ObjectSource::split);
  EXPECT_EQ(test.object(parts.changed[1].id).label, 1);
}

TEST(Shapes, FillHolesWithoutTheObjectsInThem) {
  DiscProject test;
  const ObjectId ring = new_object(test.act(stroke_at(15, 15, 10)));
  test.act(stroke_on(ring, Paint::remove, 15, 15, 6));
  const ObjectId within = new_object(test.act(stroke_at(15, 15, 2)));
  test.act(FillHolesAction{{ring}, Axis::axial});
  EXPECT_EQ(test.project().voxels(ring), subtracted(disc(15, 15, 10), disc(15, 15, 2)));
  EXPECT_EQ(test.project().voxels(within), disc(15, 15, 2));
  const Revision before = test.project().revision();
  test.act(FillHolesAction{{ring}, Axis::axial});
  EXPECT_EQ(test.project().revision(), before) << "what changes nothing is not an event";
}

TEST(Shapes, FillHolesSliceBySliceAlongAnyAxis) {
  for (const Axis axis : {Axis::axial, Axis::coronal, Axis::sagittal}) {
    DiscProject test(oblique_grid());
    const SlicePlane plane = slice_plane(test.grid(), axis);
    Mask ring = empty_mask(plane.extent);
    for (const std::int64_t at : {1, 2, 3}) {
      for (const std::int64_t to : {1, 2, 3})
        ring.pixels[static_cast<std::size_t>(at * plane.extent.width + to)] = at == 2 && to == 2 ? 0 : 1;
    }
    RunLengthMask tube{test.grid().extent, {}};
    for (const std::int64_t slice : {2, 3, 5}) tube = with_slice(tube, ring, plane, slice);
    const ObjectId id = new_object(test.act(ImportAction{"tube", {{1, "", tube}}}));
    test.act(FillHolesAction{{id}, axis});
    EXPECT_EQ(test.object(id).area, 27);
    for (const std::int64_t slice : {2, 3, 5})
      EXPECT_EQ(area_px(slice_from_voxels(test.project().voxels(id), plane, slice)), 9);
  }
}

TEST(Shapes, DropSpecksBelowASizeButNeverTheLargest) {
  DiscProject test;
  const ObjectId id = new_object(test.act(stroke_at(10, 10, 4)));
  test.act(stroke_on(id, Paint::add, 25, 10, 2));
  test.act(stroke_on(id, Paint::add, 35, 20, 1));
  test.act(DropSpecksAction{{id}, 6});
  EXPECT_EQ(test.project().voxels(id), united(disc(10, 10, 4), disc(25, 10, 2)));
  test.act(DropSpecksAction{{id}, 100'000});
  EXPECT_EQ(test.project().voxels(id), disc(10, 10, 4));
}

TEST(Actions, AreRefusedWhereTheyMakeNoSense) {
  DiscProject test;
  const ObjectId approved = new_object(test.act(stroke_at(10, 10, 4)));
  const ObjectId proposal = new_object(test.act(prompt_at(30, 20)));
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  PromptAction two_ways = prompt_at(5, 5);
  two_ways.proposal = approved;
  PromptAction for_proposal = prompt_at(5, 5);
  for_proposal.target = proposal;
  PromptAction nothing = prompt_at(5, 5);
  nothing.prompt.points.clear();
  PromptAction strange_window = prompt_at(5, 5);
  strange_window.prompt.window = "brian";
  PromptAction many = prompt_at(5, 5);
  many.prompt.points.resize(1001, many.prompt.points[0]);
  PromptAction box = prompt_at(5, 5);
  box.prompt.box = Box2{10, 10, 5, 5};
  EverythingAction dense{{}, "auto", {}};
  dense.settings.points_per_side = 1000;
  EverythingAction unlikely{{}, "auto", {}};
  unlikely.settings.pred_iou = kNan;
  const std::vector<std::pair<Action, ErrorKind>> cases{
      {prompt_at(kNan, 5), ErrorKind::usage},
      {prompt_at(40, 5), ErrorKind::usage},
      {prompt_at(5, 5, plane_at(1)), ErrorKind::usage},
      {prompt_at(5, 5, plane_at(-1)), ErrorKind::usage},
      {prompt_at(5, 5, {Axis::coronal, 0}), ErrorKind::usage},
      {nothing, ErrorKind::usage},
      {strange_window, ErrorKind::usage},
      {many, ErrorKind::usage},
      {box, ErrorKind::usage},
      {two_ways, ErrorKind::conflict},
      {for_proposal, ErrorKind::conflict},
      {ChooseAction{approved, 0}, ErrorKind::conflict},
      {ChooseAction{999, 0}, ErrorKind::conflict},
      {ChooseAction{proposal, 3}, ErrorKind::usage},
      {AcceptAction{{approved}, 1}, ErrorKind::conflict},
      {AcceptAction{{proposal}, 7}, ErrorKind::usage},
      {AcceptAction{{proposal, proposal}, 1}, ErrorKind::usage},
      {AcceptAction{{}, 1}, ErrorKind::usage},
      {DeleteAction{{999}}, ErrorKind::conflict},
      {DeleteAction{{-1}}, ErrorKind::conflict},
      {stroke_at(5, 5, 0.1), ErrorKind::usage},
      {stroke_at(kNan, 5, 2), ErrorKind::usage},
      {stroke_at(500, 500, 2), ErrorKind::usage},
      {stroke_at(5, 5, 2, 9), ErrorKind::usage},
      {StrokeAction{{}, std::nullopt, 1, Paint::remove, {2, 2}, {{5, 5}}}, ErrorKind::usage},
      {LassoAction{{}, std::nullopt, 1, Paint::add, {{1, 1}, {2, 2}}}, ErrorKind::usage},
      {RelabelAction{{approved}, 9}, ErrorKind::usage},
      {NameAction{approved, "a\x01"}, ErrorKind::usage},
      {NameAction{approved, std::string(201, 'x')}, ErrorKind::usage},
      {NameAction{approved, "\xFF"}, ErrorKind::usage},
      {LockAction{{proposal}}, ErrorKind::conflict},
      {MergeAction{{approved}}, ErrorKind::usage},
      {MergeAction{{approved, approved}}, ErrorKind::usage},
      {MergeAction{{approved, proposal}}, ErrorKind::conflict},
      {SplitAction{proposal}, ErrorKind::conflict},
      {FillHolesAction{{approved}, Axis::sagittal}, ErrorKind::usage},
      {DropSpecksAction{{approved}, -1}, ErrorKind::usage},
      {dense, ErrorKind::usage},
      {unlikely, ErrorKind::usage},
      {RedoAction{}, ErrorKind::conflict},
  };
  for (std::size_t i = 0; i < cases.size(); ++i)
    EXPECT_EQ(test.refused(cases[i].first), cases[i].second) << i << " " << kind_of(cases[i].first);
  EXPECT_EQ(test.project().objects(test.image).size(), 2U);
}

TEST(Actions, NeedAnImageThatIsThereAndOpen) {
  DiscProject test;
  const auto kind_of_refusal = [&](ImageId image, const std::string& request) {
    try {
      test.project().apply(image, request, stroke_at(5, 5, 2), test.segmenter);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::internal;
  };
  const std::vector<ImageSource> sources{{"/data/b.png", "", 0, "b.png"}};
  const ImageId unopened = test.project().add_images(sources).front();
  EXPECT_EQ(kind_of_refusal(99, "r1"), ErrorKind::not_found);
  EXPECT_EQ(kind_of_refusal(unopened, "r2"), ErrorKind::conflict);
  EXPECT_THAT(test.project().objects(unopened), IsEmpty());
  test.project().apply(test.image, "r3", stroke_at(5, 5, 2), test.segmenter);
  test.project().set_opened(unopened, kPictureGrid);
  EXPECT_EQ(kind_of_refusal(unopened, "r3"), ErrorKind::usage) << "the request was one for another image";
  EXPECT_EQ(kind_of_refusal(unopened, "with space"), ErrorKind::usage);
  EXPECT_EQ(kind_of_refusal(unopened, std::string(65, 'r')), ErrorKind::usage);
}

TEST(Actions, PassOnWhatTheNetworkSaysWentWrong) {
  DiscProject test;
  test.segmenter.ask = [](ImageId, PlaneRef, const PromptWithWindow&,
                          const Mask&) -> std::vector<ScoredMask> {
    throw Error(ErrorKind::unavailable, "a.png: it cannot be read any more");
  };
  EXPECT_EQ(test.refused(prompt_at(5, 5)), ErrorKind::unavailable);
  test.segmenter.ask = [](ImageId, PlaneRef, const PromptWithWindow&, const Mask&) {
    return std::vector<ScoredMask>{{empty_mask({3, 3}), 0.5, 0.5}};
  };
  EXPECT_EQ(test.refused(prompt_at(5, 5)), ErrorKind::internal);
}

}  // namespace
}  // namespace sonde
