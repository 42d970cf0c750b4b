// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/project.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/annotate/brush.h"
#include "sonde/annotate/disc_project_testing.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Project, TakesAnImageFromAClickToAnApprovedObject) {
  DiscProject test;
  EXPECT_EQ(test.project().image(test.image).status, ImageStatus::fresh);
  Changes changes = test.act(prompt_at(10, 10));
  const AnnotatedObject proposed = changes.changed.at(0);
  EXPECT_EQ(proposed.state, ObjectState::proposed);
  EXPECT_EQ(proposed.source, ObjectSource::prompt);
  EXPECT_EQ(proposed.proposal->candidates.size(), 3U);
  EXPECT_EQ(proposed.area, proposed.proposal->candidates[proposed.proposal->chosen].area_px);
  EXPECT_EQ(changes.undo, "ask");
  EXPECT_EQ(changes.redo, std::nullopt);
  EXPECT_EQ(changes.image.proposed, 1);
  EXPECT_EQ(changes.image.status, ImageStatus::started);
  EXPECT_EQ(changes.revision, test.project().revision());

  test.act(ChooseAction{proposed.id, 1});
  PromptAction again = prompt_at(12, 11);
  again.prompt.points.push_back({{12, 14}, PointLabel::background});
  again.proposal = proposed.id;
  changes = test.act(again);
  EXPECT_EQ(new_object(changes), proposed.id);
  test.act(ChooseAction{proposed.id, 2});
  changes = test.act(AcceptAction{{proposed.id}, 1});
  const AnnotatedObject approved = changes.changed.at(0);
  EXPECT_EQ(approved.state, ObjectState::approved);
  EXPECT_EQ(approved.label, 1);
  EXPECT_FALSE(approved.proposal.has_value());
  EXPECT_EQ(changes.image.approved, 1);
  EXPECT_EQ(changes.image.proposed, 0);
  const Mask expected = disc_answer({40, 30}, again.prompt, 6, {});
  const auto masks = test.project().masks(test.image, {}, std::vector{proposed.id});
  ASSERT_EQ(masks.size(), 1U);
  EXPECT_EQ(DiscProject::picture_of(masks[0]), expected);
  EXPECT_EQ(approved.area, area_px(expected));

  test.act(NameAction{proposed.id, "left one"});
  test.reopen();
  EXPECT_EQ(test.object(proposed.id).name, "left one");
  EXPECT_EQ(test.mask(proposed.id), expected);
  EXPECT_EQ(test.project().labels().at(0).objects, 1);
  EXPECT_THAT(test.project().replay(test.segmenter).faults, IsEmpty());
}

TEST(Project, GivesTheCandidatesOfAProposalBehindIt) {
  DiscProject test;
  const PromptAction ask = prompt_at(20, 15);
  const ObjectId id = new_object(test.act(ask));
  const auto masks = test.project().masks(test.image, {}, std::vector{id});
  ASSERT_EQ(masks.size(), 4U);
  EXPECT_EQ(masks[0].candidate, std::nullopt);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(masks[i + 1].candidate, i);
    EXPECT_EQ(DiscProject::picture_of(masks[i + 1]),
              disc_answer({40, 30}, ask.prompt, 2.0 * static_cast<double>(i + 1), {}));
  }
}

TEST(Project, DoesARequestOnce) {
  DiscProject test;
  const Changes first = test.project().apply(test.image, "the-same", stroke_at(5, 5, 2), test.segmenter);
  const Changes again = test.project().apply(test.image, "the-same", stroke_at(5, 5, 2), test.segmenter);
  EXPECT_EQ(again.revision, first.revision);
  EXPECT_EQ(new_object(again), new_object(first));
  test.reopen();
  test.project().apply(test.image, "the-same", stroke_at(5, 5, 2), test.segmenter);
  EXPECT_EQ(test.project().objects(test.image).size(), 1U);
  test.act(DeleteAction{{new_object(first)}});
  const Changes late = test.project().apply(test.image, "the-same", stroke_at(5, 5, 2), test.segmenter);
  EXPECT_THAT(late.removed, ElementsAre(new_object(first)));
}

TEST(Project, ReportsWhatHasChangedSinceARevision) {
  DiscProject test;
  const ObjectId a = new_object(test.act(stroke_at(5, 5, 2)));
  const ObjectId b = new_object(test.act(stroke_at(20, 20, 2)));
  const Revision then = test.project().revision();
  test.act(NameAction{a, "a"});
  test.act(DeleteAction{{b}});
  const Changes since = test.project().changes_since(test.image, then);
  ASSERT_EQ(since.changed.size(), 1U);
  EXPECT_EQ(since.changed[0].id, a);
  EXPECT_THAT(since.removed, ElementsAre(b));
  test.act(UndoAction{});
  EXPECT_THAT(test.project().changes_since(test.image, then).removed, IsEmpty());
  EXPECT_EQ(test.project().changes_since(test.image, then).changed.size(), 2U);
  EXPECT_THAT(test.project().changes_since(test.image, test.project().revision()).changed, IsEmpty());
}

TEST(Project, BeginsWithOneLabel) {
  DiscProject test;
  const std::vector<Label> labels = test.project().labels();
  ASSERT_EQ(labels.size(), 1U);
  EXPECT_EQ(labels[0].name, "object");
  EXPECT_EQ(labels[0].colour, "#e69f00");
  EXPECT_EQ(labels[0].shortcut, "1");
  EXPECT_EQ(labels[0].value, 1);
}

TEST(Project, GivesNewLabelsColoursShortcutsAndValuesOfTheirOwn) {
  DiscProject test;
  std::set<std::string> colours;
  std::vector<Label> labels;
  for (int i = 0; i < 13; ++i)
    labels = test.project().add_label({"label " + std::to_string(i), std::nullopt, std::nullopt});
  for (const Label& label : labels) colours.insert(label.colour);
  EXPECT_EQ(colours.size(), 14U);
  EXPECT_EQ(labels[9].shortcut, "0");
  EXPECT_EQ(labels[10].shortcut, "");
  EXPECT_EQ(labels[13].value, 14);
  labels = test.project().delete_label(labels[3].id);
  EXPECT_EQ(test.project().add_label({"new", std::nullopt, std::nullopt}).back().value, 4);
}

TEST(Project, RefusesLabelsThatCannotBe) {
  DiscProject test;
  test.project().add_label({"liver", "#00FF00", "l"});
  EXPECT_EQ(test.project().labels().back().colour, "#00ff00");
  const auto refused = [&](const LabelEdit& label) {
    try {
      test.project().add_label(label);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::usage;
    }
    return false;
  };
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({"", {}, {}}));
  EXPECT_TRUE(refused({"   ", {}, {}}));
  EXPECT_TRUE(refused({"liver", {}, {}}));
  EXPECT_TRUE(refused({"a\nb", {}, {}}));
  EXPECT_TRUE(refused({"\xC3\x28", {}, {}}));
  EXPECT_TRUE(refused({"\xED\xA0\x80", {}, {}}));  // a surrogate
  EXPECT_TRUE(refused({"\xC0\xAF", {}, {}}));      // an overlong form
  EXPECT_TRUE(refused({std::string(201, 'x'), {}, {}}));
  EXPECT_TRUE(refused({"spleen", "red", {}}));
  EXPECT_TRUE(refused({"spleen", "#12345g", {}}));
  EXPECT_TRUE(refused({"spleen", {}, "l"}));
  EXPECT_TRUE(refused({"spleen", {}, "ab"}));
  EXPECT_FALSE(refused({"Nierenzellkarzinom \xE2\x98\x83", {}, "\xC3\xA4"}));
}

TEST(Project, KeepsALabelThatObjectsCarry) {
  DiscProject test;
  const LabelId liver = test.project().add_label({"liver", {}, {}}).back().id;
  const ObjectId id = new_object(test.act(stroke_at(5, 5, 2, liver)));
  EXPECT_THROW(test.project().delete_label(liver), Error);
  test.act(DeleteAction{{id}});
  EXPECT_EQ(test.project().delete_label(liver).size(), 1U);
  test.project().add_label({"liver", {}, {}});  // takes the name, the shortcut and the value
  test.act(UndoAction{});                       // the object comes back, and its label with it
  const std::vector<Label> labels = test.project().labels();
  ASSERT_EQ(labels.size(), 3U);
  std::set<std::string> names;
  std::set<std::int32_t> values;
  for (const Label& label : labels) {
    names.insert(label.name);
    values.insert(label.value);
  }
  EXPECT_THAT(names, ElementsAre("liver", "liver (2)", "object"));
  EXPECT_EQ(values.size(), 3U);
  EXPECT_EQ(test.object(id).label, liver);
}

TEST(Project, TellsImagesOfOneNameThatCameAtDifferentTimesApartByTheirFolders) {
  DiscProject test;
  const auto name_of = [&](const ImageSource& source) {
    return test.project().image(test.project().add_images({&source, 1}).front()).source.name;
  };
  EXPECT_EQ(name_of({"/data/p1/ct", "1.2.3", 0, "ct"}), "ct");
  EXPECT_EQ(name_of({"/data/p2/ct", "1.2.4", 0, "ct"}), "p2/ct");
  EXPECT_EQ(name_of({"/more/p2/ct", "1.2.5", 0, "ct"}), "more/p2/ct");
  EXPECT_EQ(name_of({"/more/p3/ct", "1.2.6", 0, "ct, series 7"}), "ct, series 7");
  EXPECT_EQ(name_of({"/more/p4/ct", "1.2.7", 0, "ct, series 7"}), "p4/ct, series 7");
  EXPECT_EQ(name_of({"/more/p4/ct", "1.2.8", 0, "p4/ct, series 7"}), "p4/ct, series 7 (2)");
  EXPECT_EQ(name_of({"/p5/ct", "1.2.9", 0, "p2/ct"}), "p2/ct (2)");
  test.reopen();
  EXPECT_EQ(test.project().images()[2].source.name, "p2/ct");
}

TEST(Project, AddsAnImageOnce) {
  DiscProject test;
  const std::vector<ImageSource> sources{{"/data/b.png", "", 0, "a.png"},
                                         {"/data/a.png", "", 0, "a.png"},
                                         {"/data/c", "1.2.3", 0, "c"},
                                         {"/data/c", "1.2.3", 1, "c"}};
  EXPECT_THAT(test.project().add_images(sources), ElementsAre(2, test.image, 3, 4));
  EXPECT_THAT(test.project().add_images(sources), ElementsAre(2, test.image, 3, 4));
  test.reopen();
  const auto images = test.project().images();
  ASSERT_EQ(images.size(), 4U);
  EXPECT_EQ(images[1].source.name, "a.png (2)");
  EXPECT_EQ(images[3].source.name, "c (2)");
  EXPECT_EQ(images[3].source.frame, 1);
}

TEST(Project, KnowsAnImageThatHasChanged) {
  DiscProject test(oblique_grid());
  test.project().set_opened(test.image, oblique_grid());
  ImageGeometry other = oblique_grid();
  other.extent.z += 1;
  try {
    test.project().set_opened(test.image, other);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_STREQ(error.what(), "a.png: the file has changed: it was 14 x 9 x 17, it is 14 x 9 x 18");
  }
  ImageGeometry turned = oblique_grid();
  std::swap(turned.mm_from_voxel->columns[0], turned.mm_from_voxel->columns[2]);
  EXPECT_THROW(test.project().set_opened(test.image, turned), Error);
  test.project().set_fault(test.image, "a.png: it is cut");
  EXPECT_EQ(test.project().image(test.image).fault, "a.png: it is cut");
  test.project().set_opened(test.image, oblique_grid());
  test.reopen();
  EXPECT_EQ(test.project().image(test.image).fault, std::nullopt);
  EXPECT_EQ(test.project().image(test.image).grid, oblique_grid());
}

TEST(Project, CountsTimeAndRemembersWhatIsDone) {
  DiscProject test;
  test.project().add_active_time(test.image, std::chrono::milliseconds(1500));
  test.project().add_active_time(test.image, std::chrono::milliseconds(500));
  EXPECT_THROW(test.project().add_active_time(test.image, std::chrono::milliseconds(-1)), Error);
  test.project().set_done(test.image, ImageStatus::done);
  test.reopen();
  EXPECT_EQ(test.project().image(test.image).active_ms, 2000);
  EXPECT_EQ(test.project().image(test.image).status, ImageStatus::done);
  test.act(stroke_at(5, 5, 2));
  EXPECT_EQ(test.project().image(test.image).status, ImageStatus::done);
  test.project().set_done(test.image, ImageStatus::started);
  EXPECT_EQ(test.project().image(test.image).status, ImageStatus::started);
}

TEST(Project, WorksOnEveryPlaneOfAnObliqueVolume) {
  DiscProject test(oblique_grid());
  for (const Axis axis : {Axis::axial, Axis::coronal, Axis::sagittal}) {
    const SlicePlane plane = slice_plane(test.grid(), axis);
    const PlaneRef at{axis, plane.slice_count - 2};
    const ObjectId id = new_object(test.act(prompt_at(3, 4, at)));
    const std::size_t chosen = test.object(id).proposal->chosen;
    const auto expected =
        disc_answer(plane.extent, prompt_at(3, 4).prompt, 2.0 * static_cast<double>(chosen + 1), {});
    EXPECT_EQ(test.mask(id, at), expected);
    const auto slices = test.object(id).slices.value();
    EXPECT_EQ(slices[static_cast<std::size_t>(axis)], (std::array<std::int64_t, 2>{at.slice, at.slice}));
    for (const Axis other : {Axis::axial, Axis::coronal, Axis::sagittal}) {
      const SlicePlane across = slice_plane(test.grid(), other);
      const auto [first, last] = slices[static_cast<std::size_t>(other)];
      for (std::int64_t slice = 0; slice < across.slice_count; ++slice) {
        const auto mask = test.mask(id, {other, slice});
        if (slice < first || slice > last) {
          EXPECT_EQ(area_px(mask), 0);
        }
        if (slice == first || slice == last) {
          EXPECT_GT(area_px(mask), 0);
        }
      }
    }
    test.act(DeleteAction{{id}});
  }
  EXPECT_THAT(test.project().replay(test.segmenter).faults, IsEmpty());
}

TEST(Project, ChangesATargetOnItsSliceAlone) {
  DiscProject test(oblique_grid());
  StrokeAction stroke = stroke_at(4, 4, 2);
  stroke.plane = plane_at(3);
  const ObjectId target = new_object(test.act(stroke));
  stroke.plane = plane_at(4);
  stroke.object = target;
  test.act(stroke);
  const Mask below = test.mask(target, plane_at(3));

  PromptAction ask = prompt_at(9, 9, plane_at(4));
  ask.target = target;
  const AnnotatedObject proposal = test.act(ask).changed.at(0);
  EXPECT_EQ(proposal.proposal->target, target);
  const Mask wanted = test.mask(proposal.id, plane_at(4));
  EXPECT_EQ(wanted.pixels[static_cast<std::size_t>(4 * wanted.extent.width + 4)], 1)
      << "the target's slice was not sent as the mask to start from";
  const Changes changes = test.act(AcceptAction{{proposal.id}, 1});
  EXPECT_THAT(changes.removed, ElementsAre(proposal.id));
  EXPECT_EQ(test.mask(target, plane_at(4)), wanted);
  EXPECT_EQ(test.mask(target, plane_at(3)), below);
  EXPECT_THAT(test.project().replay(test.segmenter).faults, IsEmpty());
}

TEST(Project, ReplacesTheEarlierProposalsOfAGrid) {
  DiscProject test;
  EverythingAction everything{{}, "auto", {}};
  everything.settings.points_per_side = 4;
  const Changes first = test.act(everything);
  ASSERT_EQ(first.changed.size(), 4U);
  const ObjectId kept = first.changed[1].id;
  test.act(AcceptAction{{kept}, 1});
  const ObjectId asked = new_object(test.act(prompt_at(30, 5)));
  const Changes second = test.act(everything);
  EXPECT_EQ(second.removed.size(), 3U);
  EXPECT_EQ(second.changed.size(), 4U);
  EXPECT_TRUE(test.has(kept));
  EXPECT_TRUE(test.has(asked));
  EXPECT_EQ(test.project().masks(test.image, {}, std::vector{second.changed[0].id}).size(), 1U);
  EXPECT_EQ(test.refused(ChooseAction{second.changed[0].id, 0}), ErrorKind::conflict);
  test.act(UndoAction{});
  EXPECT_EQ(test.project().objects(test.image).size(), 5U);
  EXPECT_THAT(test.project().replay(test.segmenter).faults, IsEmpty());
}

TEST(Project, TellsItsHistory) {
  DiscProject test;
  const ObjectId id = new_object(test.act(prompt_at(10, 10)));
  test.act(AcceptAction{{id}, 1});
  test.act(UndoAction{});
  const auto events = test.project().history(test.image, 3);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].kind, "undo");
  EXPECT_EQ(events[1].kind, "accept");
  EXPECT_TRUE(events[1].undone);
  EXPECT_EQ(events[2].kind, "ask");
  EXPECT_FALSE(events[2].undone);
  EXPECT_EQ(events[2].window, "auto");
  EXPECT_EQ(events[2].model_sha256, std::string(64, 'd'));
  EXPECT_THAT(events[2].time, testing::MatchesRegex("....-..-..T..:..:..\\....Z"));
  EXPECT_THAT(events[2].summary, HasSubstr("1 point"));
}

TEST(Project, ImportsObjectsOfItsGrid) {
  DiscProject test;
  const RunLengthMask square{test.grid().extent, {{41, 3}, {81, 3}}};
  const Changes changes = test.act(ImportAction{"masks/a.png", {{1, "one", square}, {1, "over it", square}}});
  ASSERT_EQ(changes.changed.size(), 2U) << "objects of one file may overlap";
  for (const AnnotatedObject& object : changes.changed) {
    EXPECT_EQ(object.source, ObjectSource::import);
    EXPECT_EQ(test.project().voxels(object.id), square);
  }
  EXPECT_EQ(test.refused(ImportAction{"b", {{1, "", {{3, 3, 1}, {}}}}}), ErrorKind::usage);
  EXPECT_THAT(test.project().replay(test.segmenter).faults, IsEmpty());
}

}  // namespace
}  // namespace sonde
