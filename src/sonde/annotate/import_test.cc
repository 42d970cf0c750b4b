// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/import.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/annotate/project_testing.h"
#include "sonde/core/data_testing.h"
#include "sonde/core/error.h"
#include "sonde/io/dicom/seg.h"
#include "sonde/io/dicom/seg_testing.h"
#include "sonde/io/label_map.h"
#include "sonde/io/picture/picture_testing.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using dicom_test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ImportMasks : public ExportTest {
 protected:
  // A picture of 3 x 2 pixels, or a volume of 4 x 3 x 2 voxels; with labels it is a mask.
  void map(const std::string& name, std::vector<std::int32_t> labels = {},
           std::optional<Affine3> affine = {}) const {
    const bool flat = fs::path(name).extension() == ".png";
    const Extent3 extent = flat ? Extent3{3, 2, 1} : Extent3{4, 3, 2};
    labels.resize(static_cast<std::size_t>(voxel_count(extent)));
    fs::create_directories((root_ / name).parent_path());
    write_label_map(root_ / name, {{extent, flat ? std::nullopt : affine}, labels});
  }
  struct Found {
    std::string label;
    RunLengthMask voxels;
    bool operator==(const Found&) const = default;
  };
  static std::vector<Found> found_in(const Project& project, ImageId image) {
    std::map<LabelId, std::string> names;
    for (const Label& label : project.labels()) names[label.id] = label.name;
    std::vector<Found> found;
    for (const AnnotatedObject& object : project.objects(image)) {
      EXPECT_EQ(object.state, ObjectState::approved);
      EXPECT_EQ(object.source, ObjectSource::import);
      found.push_back({names.at(object.label.value()), project.voxels(object.id)});
    }
    return found;
  }
  std::vector<Found> found_in(ImageId image) const { return found_in(project_, image); }
  void labels_json(const std::string& text) const { write_file(root_ / "labels.json", text); }

  const Affine3 affine_ = oblique_affine();
  const Extent3 flat_{3, 2, 1}, deep_{4, 3, 2};
};

TEST_F(ImportMasks, MakesAnObjectOfEachValueNamedByLabelsJson) {
  map("images/a.png");
  map("masks/a.png", {1, 1, 0, 7, 0, 7});
  labels_json(R"({"mask_kind": "semantic", "labels": {"1": "liver", "7": "vessel"}})");
  const ImageId image = add(root_ / "images");
  const auto result = import_masks(project_, root_);
  EXPECT_EQ(result.objects, 2);
  EXPECT_THAT(result.failures, IsEmpty());
  EXPECT_THAT(found_in(image), ElementsAre(Found{"liver", voxels_at(flat_, {0, 1})},
                                           Found{"vessel", voxels_at(flat_, {3, 5})}));
}

TEST_F(ImportMasks, KeepsTheValuesOfTheMasksWhereTheyAreFree) {
  map("images/a.png");
  map("masks/a.png", {1, 1, 0, 7, 0, 7});
  labels_json(R"({"mask_kind": "semantic", "labels": {"1": "liver", "7": "vessel"}})");
  add(root_ / "images");
  import_masks(project_, root_);
  std::map<std::string, std::int32_t> values;
  for (const Label& label : project_.labels()) values[label.name] = label.value;
  EXPECT_EQ(values["liver"], 1) << "the label that every project begins with gives it up";
  EXPECT_EQ(values["vessel"], 7);
  EXPECT_EQ(values["object"], 2);

  map("images/b.png");
  map("masks/b.png", {7});
  labels_json(R"({"mask_kind": "semantic", "labels": {"7": "spleen"}})");
  add(root_ / "images");
  EXPECT_THAT(import_masks(project_, root_).notes,
              Contains(HasSubstr("\"spleen\" has the value 3 here, and 7 in the masks")));
}

TEST_F(ImportMasks, PassesOverWhatWasImportedBefore) {
  map("images/a.png");
  map("masks/a.png", {3, 4});
  const ImageId image = add(root_ / "images/a.png");
  EXPECT_EQ(import_masks(project_, root_ / "masks").objects, 2);
  project_.apply(image, "deletes-one", DeleteAction{{project_.objects(image)[0].id}}, {});
  const auto found = found_in(image);
  const auto again = import_masks(project_, root_ / "masks");
  EXPECT_EQ(again.objects, 0);
  EXPECT_EQ(again.known, 1);
  EXPECT_THAT(again.notes, ElementsAre(HasSubstr("imported before")));
  EXPECT_EQ(found_in(image), found);
  map("masks/a.png", {3, 3, 5});
  EXPECT_EQ(import_masks(project_, root_ / "masks").known, 0) << "another mask under the same name";
}

TEST_F(ImportMasks, NamesValuesByNumberOrSuffixWithoutLabelsJson) {
  map("images/a.png");
  map("masks/a.png", {3});
  map("masks/a_cord.png", {0, 255});
  const ImageId image = add(root_ / "images/a.png");
  EXPECT_EQ(import_masks(project_, root_ / "masks").objects, 2);
  EXPECT_THAT(found_in(image), UnorderedElementsAre(Found{"label 3", voxels_at(flat_, {0})},
                                                    Found{"cord", voxels_at(flat_, {1})}));
}

TEST_F(ImportMasks, PairsBySubfoldersAndByTheWordsOfMasks) {
  for (const char* name :
       {"images/p1/1.png", "images/p2/1.png", "images/b (1).png", "images/scha\u0308del.png"})
    map(name);
  map("masks/p1/1.png", {5});
  map("masks/p2/1.png", {0, 6});
  map("masks/b (1)_mask.png", {1});
  map("masks/b (1)_mask_1.png", {0, 0, 1});
  map("masks/sch\u00e4del-seg.png", {7});
  map("masks/p3/1.png", {1});
  const ImageId first = add(root_ / "images");  // b (1), p1/1, p2/1, schädel
  const auto result = import_masks(project_, root_);
  EXPECT_EQ(result.objects, 5);
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].name, "p3/1.png");
  EXPECT_THAT(result.failures[0].reason, HasSubstr("no image of the project has a name"));
  EXPECT_THAT(found_in(first),
              ElementsAre(Found{"mask", voxels_at(flat_, {0})}, Found{"mask", voxels_at(flat_, {2})}));
  EXPECT_THAT(found_in(first + 1), ElementsAre(Found{"label 5", voxels_at(flat_, {0})}));
  EXPECT_THAT(found_in(first + 2), ElementsAre(Found{"label 6", voxels_at(flat_, {1})}));
  EXPECT_THAT(found_in(first + 3), ElementsAre(Found{"label 7", voxels_at(flat_, {0})}));
}

TEST_F(ImportMasks, TakesTheMasksOfAFolderAPatientAndNoImages) {
  map("all/p1/image.png");
  map("all/p1/mask.png", {5});
  map("all/p2/p2.png");
  map("all/p2/p2_seg.png", {1});
  const ImageId first = add(root_ / "all");
  EXPECT_EQ(project_.images().size(), 2U) << "masks are not images";
  const auto result = import_masks(project_, root_ / "all");
  EXPECT_THAT(found_in(first + 1), ElementsAre(Found{"seg", voxels_at(flat_, {0})}));
  EXPECT_THAT(found_in(first), ElementsAre(Found{"label 5", voxels_at(flat_, {0})}));
}

TEST_F(ImportMasks, MakesAnObjectOfEachInstance) {
  map("images/a.png");
  map("masks/a.png", {1, 2, 2, 9});
  labels_json(R"({"mask_kind": "instance", "labels": "ids 1..N", "object": "nucleus"})");
  const ImageId image = add(root_ / "images/a.png");
  EXPECT_EQ(import_masks(project_, root_).objects, 3);
  EXPECT_THAT(found_in(image),
              ElementsAre(Found{"nucleus", voxels_at(flat_, {0})}, Found{"nucleus", voxels_at(flat_, {1, 2})},
                          Found{"nucleus", voxels_at(flat_, {3})}));
}

TEST_F(ImportMasks, TakesPaletteIndicesAndNotColours) {
  map("images/a.png");
  fs::create_directories(root_ / "masks");
  PngParts palette;
  palette.width = 3;
  palette.height = 2;
  palette.colour_type = 3;
  palette.before_pixels = png_chunk("PLTE", std::string("\xff\xff\xff\x00\x00\x00\x80\x10\x10", 9));
  palette.rows = std::string("\0\0\1\2\0\2\2\0", 8);
  write_file(root_ / "masks/a.png", png_file(palette));
  const ImageId image = add(root_ / "images/a.png");
  EXPECT_EQ(import_masks(project_, root_ / "masks").objects, 2);
  EXPECT_THAT(found_in(image), ElementsAre(Found{"label 1", voxels_at(flat_, {1})},
                                           Found{"label 2", voxels_at(flat_, {2, 3, 4})}));
}

TEST_F(ImportMasks, BringsVolumesOfOtherAxisOrdersToTheImage) {
  map("images/v.nii.gz", {}, affine_);
  // The mask's i, j, k run along k, -i, j of the image.
  const auto& [u, v, w] = affine_.columns;
  const Affine3 turned{{w, Vec3{-u.x, -u.y, -u.z}, v}, transform(affine_, {3, 0, 0})};
  LabelMap mask{{{2, 4, 3}, turned}, std::vector<std::int32_t>(24)};
  mask.labels[1 + 2 * (3 - 2) + 8 * 1] = 5;  // voxel (2, 1, 1) of the image
  fs::create_directories(root_ / "labels");
  write_label_map(root_ / "labels/v_spot.nrrd", mask);
  const ImageId image = add(root_ / "images/v.nii.gz");
  EXPECT_EQ(import_masks(project_, root_).objects, 1);
  EXPECT_THAT(found_in(image), ElementsAre(Found{"spot", voxels_at(deep_, {2 + 4 * 1 + 12 * 1})}));
}

TEST_F(ImportMasks, RefusesWhatDoesNotFitWithAReasonAndGoesOn) {
  map("images/a.png");
  map("images/v.nii.gz", {}, affine_);
  Affine3 moved = affine_;
  moved.origin.x += 1;
  map("masks/v.nii.gz", {1}, moved);
  map("masks/a.png", {1});
  map("masks/b.png", {1});
  write_file(root_ / "masks/a_cut.png", "\x89PNG\r\n\x1a\n");
  map("masks/a_empty.png");
  const ImageId image = add(root_ / "images");
  const auto result = import_masks(project_, root_ / "masks");
  EXPECT_EQ(result.objects, 1);
  EXPECT_EQ(found_in(image).size(), 1U);
  std::map<std::string, std::string> reasons;
  for (const Refusal& failure : result.failures) reasons[failure.name] = failure.reason;
  ASSERT_EQ(reasons.size(), 4U);
  EXPECT_THAT(reasons["v.nii.gz"], HasSubstr("but the image is 4 x 3 x 2 voxels"));
  EXPECT_THAT(reasons["b.png"], HasSubstr("no image"));
  EXPECT_THAT(reasons["a_cut.png"], HasSubstr("cut"));
  EXPECT_THAT(reasons["a_empty.png"], HasSubstr("no object"));
}

TEST_F(ImportMasks, LeavesOutValuesThatLabelsJsonDoesNotName) {
  map("images/a.png");
  map("masks/a.png", {1, 2});
  labels_json(R"({"mask_kind": "semantic", "labels": {"1": "liver"}})");
  add(root_ / "images/a.png");
  const auto result = import_masks(project_, root_);
  EXPECT_EQ(result.objects, 1);
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("value 2 has no name")));
}

TEST_F(ImportMasks, GivesTheOnlyImageAMaskOfAnyNameAndCanBeUndone) {
  map("images/a.png");
  map("mine.png", {1});
  const ImageId image = add(root_ / "images/a.png");
  EXPECT_EQ(import_masks(project_, root_ / "mine.png").objects, 1);
  EXPECT_EQ(project_.objects(image).size(), 1U);
  project_.apply(image, "undo-it-all", UndoAction{}, {});
  EXPECT_THAT(project_.objects(image), IsEmpty());
}

TEST_F(ImportMasks, SaysWhatTheOverlapRuleTakesAway) {
  map("images/a.png");
  map("masks/a.png", {1, 1});
  const ImageId image = add(root_ / "images/a.png");
  import_masks(project_, root_ / "masks");
  map("masks/a.png", {2, 2, 2});
  EXPECT_THAT(import_masks(project_, root_ / "masks").notes,
              ElementsAre("a.png: 2 pixels are left out, which other objects have"));
  EXPECT_EQ(found_in(image)[1], (Found{"label 2", voxels_at(flat_, {2})}));
}

TEST_F(ImportMasks, KeepsSegmentsThatOverlapWholeAndTheirNames) {
  map("images/v.nrrd");
  std::string data(48, '\0');  // 4 x 3 x 2 voxels of two layers
  data[2] = data[3] = data[4] = '\1';
  fs::create_directories(root_ / "labels");
  write_file(root_ / "labels/v_seg.nrrd",
             "NRRD0004\ntype: uint8\ndimension: 4\nsizes: 2 4 3 2\nkinds: list domain domain domain\n"
             "encoding: "
             "raw\nSegment0_Layer:=0\nSegment0_Name:=kidney\nSegment1_Layer:=1\nSegment1_Name:=tumour\n\n" +
                 data);
  const ImageId image = add(root_ / "images");
  const auto result = import_masks(project_, root_ / "labels");
  EXPECT_THAT(result.failures, IsEmpty());
  EXPECT_THAT(result.notes, IsEmpty());
  const std::vector<Found> both{{"kidney", voxels_at(deep_, {1, 2})}, {"tumour", voxels_at(deep_, {1})}};
  EXPECT_EQ(found_in(image), both);
  // Objects that were there before keep what they have.
  project_.apply(image, "undo-it-all", UndoAction{}, {});
  put(image, {{"liver", {1}}});
  write_file(root_ / "labels/v_seg.nrrd", content_of(root_ / "labels/v_seg.nrrd") + '\0');  // another file
  import_masks(project_, root_ / "labels");
  EXPECT_THAT(found_in(image), UnorderedElementsAre(Found{"liver", voxels_at(deep_, {1})},
                                                    Found{"kidney", voxels_at(deep_, {2})}));
}

TEST_F(ImportMasks, ReadBackWhatEveryExportHasWritten) {
  map("images/a.png");
  map("images/v.nii.gz", {}, affine_);
  const ImageId picture = add(root_ / "images/a.png");
  const ImageId volume = add(root_ / "images/v.nii.gz");
  put(picture, {{"liver", {0, 1}}, {"vessel", {5}}});
  put(volume, {{"liver", {0, 13}}, {"vessel", {23}}});
  const std::vector<ImageSource> sources{project_.image(picture).source, project_.image(volume).source};
  for (const ExportFormat format : {ExportFormat::png, ExportFormat::nifti, ExportFormat::nrrd}) {
    for (const ExportEach each : {ExportEach::labels, ExportEach::objects}) {
      const TestFolder exported;
      const TestFolder folder;
      export_project(project_, {format, each, exported.path()});
      Project again = Project::open(folder.path());
      again.add_images(sources);
      const auto result = import_masks(again, exported.path());
      for (const auto& [image, reason] : result.failures) ADD_FAILURE() << image << ": " << reason;
      EXPECT_EQ(result.objects, 4);
      for (const ImageId image : {picture, volume})
        EXPECT_THAT(found_in(again, image), testing::UnorderedElementsAreArray(found_in(image)));
    }
  }
}

TEST_F(ImportMasks, ReadsADicomSegmentationOfASeriesWhateverItsNameAndKeepsWhatOverlaps) {
  for (int i = 0; i < 3; ++i) {
    auto slice = dicom_test::oblique_slice(3 * i, i);
    slice.text(8, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.4").text(0x20, 0x000d, "UI", "1.2.3.99");
    write(root_ / "images/mr" / std::to_string(i), slice);
  }
  map("images/a.png");
  const Extent3 extent{3, 2, 3};
  fs::create_directories(root_ / "segs");
  write_dicom_seg(
      root_ / "segs/any.dcm", root_ / "images/mr", {},
      {{"liver", "", {}, voxels_at(extent, {0, 8})}, {"vessel", "", {}, voxels_at(extent, {8, 17})}});
  add(root_ / "images");
  const ImageId image = project_.images()[1].id;
  const auto result = import_masks(project_, root_ / "segs");
  EXPECT_THAT(result.failures, IsEmpty());
  EXPECT_THAT(found_in(image), ElementsAre(Found{"liver", voxels_at(extent, {0, 8})},
                                           Found{"vessel", voxels_at(extent, {8, 17})}));
}

TEST_F(ImportMasks, RefusesADicomSegmentationInAnotherFrameOfReferenceUnlessItIsWanted) {
  for (int i = 0; i < 3; ++i)
    write(root_ / "images/mr" / std::to_string(i),
          dicom_test::oblique_slice(3 * i, i).text(0x20, 0x0052, "UI", "1.2.3.77"));
  const dicom_test::Seg seg{.segments = {{5, "lesion"}, {2, "liver"}, {7, "nothing"}},
                            .frames = {{2, 3, {1, 1, 0, 0, 0, 0}}, {5, 3, {0, 0, 1, 0, 0, 0}}},
                            .frame_of_reference = "1.2.3.78"};
  dicom_test::write(root_ / "segs/any.dcm", seg_file(seg));
  const ImageId image = add(root_ / "images");
  const auto refused = import_masks(project_, root_ / "segs");
  ASSERT_EQ(refused.failures.size(), 1U);
  EXPECT_THAT(refused.failures[0].reason, testing::AllOf(HasSubstr("1.2.3.78"), HasSubstr("1.2.3.77"),
                                                         HasSubstr("--any-frame-of-reference")));
  const auto taken = import_masks(project_, root_ / "segs", {.frame_of_reference = FrameOfReference::any});
  EXPECT_THAT(taken.notes, UnorderedElementsAre(testing::AllOf(HasSubstr("any.dcm: "), HasSubstr("1.2.3.78")),
                                                "any.dcm: its segment \"nothing\" is empty"));
  const Extent3 extent{3, 2, 3};
  EXPECT_THAT(found_in(image), UnorderedElementsAre(Found{"liver", voxels_at(extent, {6, 7})},
                                                    Found{"lesion", voxels_at(extent, {8})}));
}

TEST_F(ImportMasks, ReadsTheSegmentationsOfARealSeries) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared data";
  const fs::path folder = *shared / "data" / "volumes" / "liver_dcmqi";
  const ImageId image = add(folder / "ct");
  EXPECT_EQ(import_masks(project_, folder / "liver.dcm").objects, 1);
  EXPECT_EQ(import_masks(project_, folder / "spine_seg.nrrd").objects, 1);
  const LabelMap map = read_labels(folder / "liver_seg.nrrd").layers.at(0);
  const auto objects = found_in(image);
  ASSERT_EQ(objects.size(), 2U);
  const BinaryVolume liver = mask_from_voxels(objects[0].voxels);
  for (std::size_t i = 0; i < map.labels.size(); ++i)
    ASSERT_EQ(liver.voxels[i] != 0, map.labels[i] != 0) << i;
}

TEST_F(ImportMasks, FailsWhereThereIsNoMask) {
  map("images/a.png");
  add(root_ / "images/a.png");
  EXPECT_EQ(error_of([&] { import_masks(project_, root_ / "absent"); }).kind(), ErrorKind::not_found);
  fs::create_directories(root_ / "empty");
  EXPECT_EQ(error_of([&] { import_masks(project_, root_ / "empty"); }).kind(), ErrorKind::unsupported);
}

}  // namespace
}  // namespace sonde
